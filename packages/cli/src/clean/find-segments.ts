import type { Findings, LeftAlone, Search } from './leftover.ts'
import type { OptionalPackages } from './optional-packages.ts'

/** Segments of `@sd/shm` that nobody has open any more. */
export async function findSegments(
  { shm }: OptionalPackages,
  { name: only }: Pick<Search, 'name'>,
): Promise<Findings> {
  // Without it no daemon of this project has any; those of others do no harm.
  if (!shm || (await shm.listSegments()).length === 0) return { leftovers: [], leftAlone: [] }
  const leftAlone: LeftAlone[] = []
  const unused = await shm.listUnusedSegments((name, error) => {
    if (only === undefined || name === only) leftAlone.push({ path: name, why: (error as Error).message })
  })
  return {
    leftAlone,
    leftovers: unused
      .filter((name) => only === undefined || name === only)
      .map((name) => ({
        kind: 'segment',
        name,
        path: `shm:${name}`,
        why: 'nobody has it open',
        remove: () => shm.removeUnusedSegment(name),
      })),
  }
}
