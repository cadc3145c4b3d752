import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** All that lies in the directory of a segment: the files of LMDB, and the gate. */
export const segmentFiles: readonly string[] = ['data.mdb', 'lock.mdb', 'gate']

/**
 * What lies in a directory and is no segment's: then it is none, whatever its name.
 *
 * @returns undefined: nothing. So it is with one that was made a moment ago and is still empty.
 * @throws the system's error when it cannot be read.
 */
export function findForeignFile(directory: string): string | undefined {
  return readdirSync(directory).find((name) => !segmentFiles.includes(name))
}

/**
 * What would have LMDB map something else than a file of this user's.
 *
 * @returns in words; undefined: nothing, also where a file is not there yet.
 */
export function findUnsafeFile(directory: string): string | undefined {
  for (const name of ['data.mdb', 'lock.mdb']) {
    const status = lstatSync(join(directory, name), { throwIfNoEntry: false })
    if (!status) continue
    if (!status.isFile()) return `${name} is no file`
    if (process.getuid !== undefined && status.uid !== process.getuid())
      return `${name} belongs to user id ${status.uid}`
  }
  return undefined
}
