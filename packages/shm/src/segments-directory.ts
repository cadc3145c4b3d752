import { existsSync } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openRunDirectory, runDirectory, SdError } from '@sd/core'

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
 * Makes the directory if need be, for its owner only. `/dev/shm` is everybody's: somebody else may have been there
 * first, and whoever owns the directory reads and changes all that is in it.
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
  const elsewhere = 'or set SD_SHM_DIR to another one'
  if (!create && !existsSync(directory)) return directory
  if (!process.env.SD_SHM_DIR && process.platform !== 'linux') await openRunDirectory()
  const status = await mkdir(directory, { mode: 0o700 })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    .then(() => lstat(directory))
    .catch((cause: Error) => refuse(`cannot be made (${cause.message})`, `Make it, ${elsewhere}.`, cause))
  if (!status.isDirectory()) refuse('is no directory', `Remove it, ${elsewhere}.`)
  const uid = process.getuid?.()
  if (uid !== undefined && status.uid !== uid) {
    refuse(`belongs to user id ${status.uid}`, `Have it removed, ${elsewhere}.`)
  }
  if (status.mode & 0o077) refuse('is open to other users', `Close it with: chmod 700 ${directory}`)
  return directory
}
