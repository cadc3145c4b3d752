import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runDirectory } from '@sd/core'
import { isPidAlive, type PidRecord, readPidFile } from '../pid-file/pid-file.ts'

const SUFFIX = '.pid'

/** A pid file that can be believed. */
export interface BelievedPidFile {
  /** The daemon's, as the file is called. */
  readonly name: string
  readonly path: string
  readonly record: PidRecord
  /** Whether that very process runs. */
  readonly isAlive: boolean
}

/** @returns undefined for one that is not there, is not ours, or anybody's: nobody is signalled because of it. */
export function believePidFile(path: string): BelievedPidFile | undefined {
  try {
    const record = readPidFile(path)
    return record && { name: basename(path, SUFFIX), path, record, isAlive: isPidAlive(record) }
  } catch {
    return undefined
  }
}

/** Those of the run directory: the daemons that `sd-cli` has launched, and that have not ended in order. */
export async function listPidFiles(directory: string = runDirectory()): Promise<BelievedPidFile[]> {
  const files = await readdir(directory).catch(() => [])
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => believePidFile(join(directory, file)))
    .filter((found) => found !== undefined)
}

/** The file that the daemon runs; undefined where that is not said. */
export function programOf({ record: { program } }: BelievedPidFile): string | undefined {
  try {
    return program === undefined ? undefined : fileURLToPath(program)
  } catch {
    return undefined
  }
}
