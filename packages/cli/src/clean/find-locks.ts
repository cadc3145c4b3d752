import type { DeadLock } from '@sd/lock-file'
import type { Findings, LeftAlone, Leftover, Search } from './leftover.ts'
import type { OptionalPackages } from './optional-packages.ts'
import { listOwnFiles } from './own-files.ts'

const SUFFIX = '.lock'

/** Milliseconds to watch the lock of a holder whose end nothing else can prove. */
const PATIENCE = 15_000

/** Locks of `@sd/lock-file` whose holder is gone. */
export async function findLocks(
  directory: string,
  { locks }: OptionalPackages,
  { name: only, living }: Search,
): Promise<Findings> {
  const found = listOwnFiles(directory).filter(({ file, status }) => {
    const name = nameOf(file)
    return (
      file.endsWith(SUFFIX) &&
      status.isDirectory() &&
      (only === undefined || name === only) &&
      !living.has(name)
    )
  })
  if (found.length === 0) return { leftovers: [], leftAlone: [] }
  if (!locks) {
    const why = 'it may be a lock: install @sd/lock-file beside sd-cli to have it looked at'
    return { leftovers: [], leftAlone: found.map(({ path }) => ({ path, why })) }
  }
  const leftAlone: LeftAlone[] = []
  const looks = found.map(async ({ file, path }): Promise<Leftover | undefined> => {
    try {
      const dead = await locks.findDeadLock(path, PATIENCE)
      const name = nameOf(file)
      return dead && { kind: 'lock', name, path, why: explain(dead), remove: () => locks.clearDeadLock(dead) }
    } catch (error) {
      leftAlone.push({ path, why: (error as Error).message })
      return undefined
    }
  })
  const leftovers = (await Promise.all(looks)).filter((leftover) => leftover !== undefined)
  return { leftovers, leftAlone }
}

/** As `@sd/lock-file` makes file names of names. */
function nameOf(file: string): string {
  const name = file.slice(0, -SUFFIX.length)
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function explain({ holder: { pid, host }, verdict }: DeadLock): string {
  return verdict === 'dead'
    ? `its holder, process ${pid}, has ended`
    : `its holder, process ${pid} of an earlier boot (or of ${host}), has not renewed it`
}
