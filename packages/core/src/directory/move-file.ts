import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'

/** Codes with which file systems refuse hard links; `EPERM` also says that nothing may be made there at all. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'EOPNOTSUPP',
  'ENOTSUP',
  'ENOSYS',
  'EMLINK',
])

/**
 * Gives a file another name, where there is nothing yet. On a file system without hard links something that is made at
 * the same moment is lost.
 *
 * @throws the system's error, `EEXIST` when there is something.
 */
export function moveWithoutOverwriting(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    const isThere = lstatSync(to, { throwIfNoEntry: false }) !== undefined
    if (isThere || !NO_LINKS.has((error as NodeJS.ErrnoException).code)) throw error
    return renameSync(from, to)
  }
  unlinkSync(from)
}
