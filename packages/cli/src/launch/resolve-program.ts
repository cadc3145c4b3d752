import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname } from 'node:path'
import { logicalPath, SdError, suggestName } from '@sd/core'

/** What Node runs. */
const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/**
 * The file of a daemon.
 *
 * @returns its absolute path, through the links by which it was named: a restart follows them.
 * @throws SdError `SD_CLI_NO_PROGRAM` when there is none, or it cannot be one.
 */
export function resolveProgram(given: string): string {
  const path = logicalPath(given)
  const refuse = (problem: string): never => {
    throw new SdError('SD_CLI_NO_PROGRAM', problem, { file: path })
  }
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status)
    return refuse(`There is no file ${path}.${suggestName(basename(path), listPrograms(dirname(path)))}`)
  if (status.isDirectory()) {
    const programs = listPrograms(path)
    return refuse(
      `${path} is a directory. Name the daemon's file in it${programs.length > 0 ? `: ${programs.join(', ')}` : ''}.`,
    )
  }
  if (!EXTENSIONS.includes(extname(path))) {
    return refuse(`${path} is no program for Node: its name must end in ${EXTENSIONS.join(', ')}.`)
  }
  return path
}

function listPrograms(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => EXTENSIONS.includes(extname(name)))
  } catch {
    return []
  }
}
