import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { toError } from '@sd/core'
import { stateDirectory } from './state-directory.ts'

/** Lines that are remembered. */
export const HISTORY_LENGTH = 1000

/** The lines that were typed at a console, also in the past. */
export interface ConsoleHistory {
  /** The oldest first. */
  readonly lines: readonly string[]
  /** Why nothing is kept, if so. */
  readonly problem: string | undefined
  add(line: string): void
}

/**
 * Reads what was typed at a console before, and keeps what is typed from now on: in a file for its owner only,
 * because passwords are typed at consoles, too. Several consoles may append to it at the same time.
 *
 * @param name - of the kind of console.
 */
export function openHistory(
  name: string,
  directory: string | undefined = historyDirectory(),
): ConsoleHistory {
  if (directory === undefined) {
    return {
      lines: [],
      problem: 'this user has no home directory, and XDG_STATE_HOME is not set',
      add: () => {},
    }
  }
  const path = join(directory, name)
  try {
    openDirectory(directory)
    const lines = readLines(path)
    return { lines, problem: undefined, add: (line) => append(path, line) }
  } catch (error) {
    return { lines: [], problem: toError(error).message, add: () => {} }
  }
}

function historyDirectory(): string | undefined {
  const state = stateDirectory()
  return state === undefined ? undefined : join(state, 'history')
}

function openDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const status = lstatSync(directory)
  if (!status.isDirectory()) throw new Error(`${directory} is no directory`)
  if (isForeign(status.uid)) throw new Error(`${directory} belongs to user id ${status.uid}`)
  if (status.mode & 0o022) throw new Error(`${directory} can be written to by other users`)
}

function readLines(path: string): string[] {
  const file = openOwnFile(path)
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    const last = lines.slice(-HISTORY_LENGTH)
    if (lines.length > 2 * HISTORY_LENGTH) replace(path, last)
    return last
  } finally {
    closeSync(file)
  }
}

/** What another console appends at this very moment is forgotten: it is a history. */
function replace(path: string, lines: readonly string[]): void {
  const next = `${path}.${process.pid}`
  writeFileSync(next, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(next, path)
}

/** Opened anew each time: another console may have replaced it. */
function append(path: string, line: string): void {
  try {
    const file = openOwnFile(path)
    try {
      writeSync(file, `${line.replaceAll(/[\r\n]/g, ' ')}\n`)
    } finally {
      closeSync(file)
    }
  } catch {
    // The console goes on without: it was said at the start if nothing can be kept at all.
  }
}

/** Nobody else's, no link to somewhere, and for nobody else to read. */
function openOwnFile(path: string): number {
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    const status = fstatSync(file)
    if (!status.isFile()) throw new Error(`${path} is no file`)
    if (isForeign(status.uid)) throw new Error(`${path} belongs to user id ${status.uid}`)
    if (status.mode & 0o077) fchmodSync(file, 0o600)
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function isForeign(uid: number): boolean {
  return process.getuid !== undefined && uid !== process.getuid()
}
