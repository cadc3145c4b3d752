import { toError } from '@sd/core'
import type { Findings, LeftAlone, Leftover } from './leftover.ts'
import type { OptionalPackages } from './optional-packages.ts'

/**
 * Segments of `@sd/shm` that were asked for by name, and that no process uses. They are data, which a daemon may leave
 * there for its next life: nothing tells whether they are needed any more.
 */
export async function findSegments({ shm }: OptionalPackages, names: readonly string[]): Promise<Findings> {
  const leftovers: Leftover[] = []
  const leftAlone: LeftAlone[] = []
  for (const name of new Set(names)) {
    const path = `shm:${name}`
    const remove = async (): Promise<boolean> =>
      (await shm?.removeUnusedSegment(name, { spareFormer: true })) ?? false
    const why = await explainUse(shm, name)
    if (why === undefined)
      leftovers.push({ kind: 'segment', name, path, why: 'no process that used it runs', remove })
    else leftAlone.push({ path, why })
  }
  return { leftovers, leftAlone }
}

/** @returns why it stays; undefined where nothing uses it. */
async function explainUse(shm: OptionalPackages['shm'], name: string): Promise<string | undefined> {
  if (!shm) return 'install @sd/shm beside sd-cli to have it removed'
  try {
    const users = await shm.listSegmentUsers(name)
    if (!users) return 'it is in use'
    const [user] = users
    if (!user) return undefined
    return user.isOpen
      ? `process ${user.pid} has it open`
      : `process ${user.pid} had it open and still runs, so it may open it again`
  } catch (thrown) {
    return toError(thrown).message
  }
}
