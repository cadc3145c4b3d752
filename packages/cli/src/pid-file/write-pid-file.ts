import { closeSync, constants, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { SdError } from '@sd/core'
import { moveWithoutOverwriting } from '@sd/core/directory'
import {
  findPlaceProblem,
  formatPidFile,
  isElsewhere,
  isPidAlive,
  isSamePid,
  lookAtPidFile,
  type PidRecord,
  pidFileError,
  readPidFile,
} from './pid-file.ts'
import { removeDeadPidFile } from './remove-dead-pid-file.ts'

/**
 * Writes a pid file. One whose process has ended, or that is empty, is replaced; nothing else is ever overwritten. One of another container
 * is replaced, too: whether it still runs is not seen from here, and after a crash of the container it must not block the next.
 *
 * @returns what was replaced, if that may be of a process that still runs.
 * @throws SdError `SD_CLI_PID_FILE_HELD` when its process lives, `SD_CLI_PID_FILE` when it cannot be written safely.
 */
export function writePidFile(path: string, record: PidRecord): PidRecord | undefined {
  const problem = findPlaceProblem(path)
  if (problem) throw pidFileError(path, problem)
  const found = lookAtPidFile(path)
  const present = found === 'empty' ? undefined : found
  if (present && isPidAlive(present) && !isSamePid(present, record)) {
    const message = `The pid file ${path} belongs to a process that runs: ${present.pid}. Stop it, or choose another file.`
    throw new SdError('SD_CLI_PID_FILE_HELD', message, { path, pid: present.pid })
  }
  if (!present || !isSamePid(present, record)) {
    if (found) removeDeadPidFile(path, found)
    create(path, formatPidFile(record))
  }
  return present && isElsewhere(present) ? present : undefined
}

/** Removes a pid file if it names this very process. Idempotent. */
export function removePidFile(path: string, record: PidRecord): void {
  try {
    const present = readPidFile(path)
    if (present && isSamePid(present, record)) unlinkSync(path)
  } catch {
    // It is no longer ours: somebody has put something else there, or the directory is gone.
  }
}

/** Whole or not at all: it gets its name when it is written. */
function create(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}.new`
  const before = process.umask(0o077)
  try {
    const descriptor = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o644)
    try {
      writeFileSync(descriptor, text)
    } finally {
      closeSync(descriptor)
    }
    moveWithoutOverwriting(draft, path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw pidFileError(path, code === 'EEXIST' ? 'another process has just made it' : message, cause)
  } finally {
    process.umask(before)
    rmSync(draft, { force: true })
  }
}
