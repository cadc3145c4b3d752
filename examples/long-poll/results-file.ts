import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { noResults, type Results } from './api/results.ts'

/** What is kept when the daemon stops. */
export interface SavedResults {
  readonly results: Results
  /** How many polls have ended in each way. */
  readonly polls: Readonly<Record<string, number>>
}

/**
 * What was saved last, or nothing yet.
 *
 * @throws Error when there is a file that cannot be read.
 */
export async function loadResults(file: string): Promise<SavedResults> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SavedResults
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return { results: noResults, polls: {} }
    throw new Error(`${file} cannot be read (${message}). Move it away to begin anew.`, { cause })
  }
}

/** Writes beside the file and renames: whoever reads it finds the old state or the new one, never half of it. */
export async function saveResults(file: string, saved: SavedResults): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(saved, undefined, 2))
  await rename(`${file}.new`, file)
}
