import { readdirSync } from 'node:fs'

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
