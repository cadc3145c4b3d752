import { readdir } from 'node:fs/promises'
import { isSegmentName } from './segment-name.ts'
import { segmentsDirectory } from './segments-directory.ts'

/**
 * The names of this user's segments, sorted.
 *
 * @throws the system's error when the directory cannot be read; that there is none is no error.
 */
export async function listSegments(): Promise<string[]> {
  const names = await readdir(segmentsDirectory()).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.filter(isSegmentName).sort()
}
