import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { SdError } from '@sd/core'
import { holdDirectory, OTHERS_MAY_WRITE } from '@sd/core/directory'

/** A file that is this user's own. */
interface OwnFile {
  readonly file: string
  readonly path: string
  readonly status: Stats
}

/**
 * The entries of a directory that belong to this user, and are no links: everything else is nobody's business.
 *
 * @returns none where there is no such directory.
 * @throws SdError `SD_CLI_CLEAN` when others can write to it: what is there may be anybody's.
 */
export function listOwnFiles(directory: string): OwnFile[] {
  const status = lstatSync(directory, { throwIfNoEntry: false })
  if (!status) return []
  const uid = process.getuid?.()
  if (!status.isDirectory()) throw refuse(directory, 'it is no directory')
  if (uid !== undefined && status.uid !== uid && status.uid !== 0)
    throw refuse(directory, `it belongs to user id ${status.uid}`)
  if (status.mode & OTHERS_MAY_WRITE) throw refuse(directory, 'others can write to it')
  checkPath(directory)
  return readdirSync(directory)
    .sort()
    .flatMap((file) => {
      const path = join(directory, file)
      const found = lstatSync(path, { throwIfNoEntry: false })
      const isOwn = found !== undefined && !found.isSymbolicLink() && (uid === undefined || found.uid === uid)
      return isOwn ? [{ file, path, status: found }] : []
    })
}

/** Who can exchange a directory on the way decides what is removed. */
function checkPath(directory: string): void {
  try {
    holdDirectory(directory).close()
  } catch (cause) {
    throw refuse(directory, (cause as Error).message.replace(/\.$/, ''), cause)
  }
}

function refuse(directory: string, why: string, cause?: unknown): SdError {
  return new SdError('SD_CLI_CLEAN', `${directory} is not cleaned: ${why}.`, { directory, cause })
}
