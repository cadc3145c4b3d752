import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findForeignFile } from './segment-files.ts'
import { isSegmentName } from './segment-name.ts'
import { openSegmentsDirectory, segmentsDirectory } from './segments-directory.ts'

/**
 * The names of this user's segments, sorted. What else is in their directory is left out.
 *
 * @throws SdError `SD_SHM_DIRECTORY` when the directory is not safe, or the system's error when it cannot be read; that
 * there is none is no error.
 */
export async function listSegments(): Promise<string[]> {
  const directory = await openSegmentsDirectory(segmentsDirectory(), false)
  const found = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return found
    .filter(
      (entry) => entry.isDirectory() && isSegmentName(entry.name) && isSegment(join(directory, entry.name)),
    )
    .map(({ name }) => name)
    .sort()
}

/** One that cannot be read may be one: who opens it is told why not. */
function isSegment(directory: string): boolean {
  try {
    return findForeignFile(directory) === undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
