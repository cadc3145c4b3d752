import { lstatSync } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openRunDirectory, runDirectory, SdError, toError } from '@sd/core'
import { holdDirectory } from '@sd/core/directory'

/** Memory that looks like files, on every Linux. */
const MEMORY = '/dev/shm'

/**
 * The directory of this user's segments: in memory where the system has such a place, else files that are mapped
 * into memory, in the run directory. `$SD_SHM_DIR` is another place.
 */
export function segmentsDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.SD_SHM_DIR) return env.SD_SHM_DIR
  return platform === 'linux' ? join(MEMORY, `sd-${process.getuid?.()}`) : join(runDirectory(env), 'shm')
}

/**
 * Makes the directory if need be, for its owner only. `/dev/shm` is everybody's: another user may have taken the name
 * first, and the owner of the directory reads and changes all that is in it. No other place is chosen then: that user
 * could give the name back at any moment, and the processes of this one would share no segment any more, nor a lock.
 *
 * @param create - false: when it is not there, so be it.
 * @throws SdError `SD_SHM_DIRECTORY` when it cannot be made, or belongs to somebody else, or others may enter it.
 */
export async function openSegmentsDirectory(
  directory: string = segmentsDirectory(),
  create = true,
): Promise<string> {
  const refuse = (problem: string, remedy: string, cause?: unknown): never => {
    const message = `The directory of shared memory, ${directory}, ${problem}. ${remedy}`
    throw new SdError('SD_SHM_DIRECTORY', message, { directory, cause })
  }
  const elsewhere =
    'or set SD_SHM_DIR, for all processes that share segments, to a directory that only this user can write to'
  if (!create && !lstatSync(directory, { throwIfNoEntry: false })) return directory
  if (!process.env.SD_SHM_DIR && process.platform !== 'linux') await openRunDirectory()
  const status = await mkdir(directory, { mode: 0o700 })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    .then(() => lstat(directory))
    .catch((cause: Error) => refuse(`cannot be made (${cause.message})`, `Make it, ${elsewhere}.`, cause))
  const uid = process.getuid?.()
  if (uid !== undefined && status.uid !== uid) {
    const remover = uid === 0 ? 'Remove it' : 'Have root remove it'
    refuse(`belongs to user id ${status.uid}`, `${remover} (rm -r ${directory}), ${elsewhere}.`)
  }
  if (!status.isDirectory()) refuse('is no directory', `Remove it, ${elsewhere}.`)
  if (status.mode & 0o077) refuse('is open to other users', `Close it with: chmod 700 ${directory}`)
  try {
    holdDirectory(directory).close()
  } catch (cause) {
    refuse('is not safe', toError(cause).message, cause)
  }
  return directory
}
