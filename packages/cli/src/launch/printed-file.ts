import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SdError } from '@sd/core'
import { isPlanted, readFileKind } from '@sd/core/directory'
import { logDirectory } from './log-directory.ts'
import { PRINTED_VARIABLE } from './start-message.ts'

/** The file that a detached process prints to. */
export interface PrintedFile {
  /** Gives it its name, beside the logs. What the last run has printed is kept under the name with `.1`. */
  nameAfter(daemon: string): void
}

/** Where a detached daemon prints to, once its name is known. */
export function printedFile(daemon: string, directory: string = logDirectory()): string {
  return join(directory, `${daemon}.out`)
}

/**
 * Opens a file to print to.
 *
 * @returns its descriptor, which appends.
 * @throws SdError `SD_CLI_LOG_FILE` for a named pipe, a socket, a directory or a link, and for a file that another user has put where everybody can; the system's error.
 */
export function openPrintedFile(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  // NONBLOCK: opening a named pipe must not wait for its reader. A terminal would keep it, and no other user can make one.
  const isDevice = lstatSync(path, { throwIfNoEntry: false })?.isCharacterDevice()
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | (isDevice ? 0 : O_NONBLOCK)
  const descriptor = openToAppend(path, flags)
  const status = fstatSync(descriptor)
  if (!status.isFIFO() && !isPlanted(status, statSync(dirname(path)))) return descriptor
  closeSync(descriptor)
  const why = status.isFIFO()
    ? 'is a named pipe'
    : `belongs to user id ${status.uid}, and every user can write to its directory`
  throw printError(path, why)
}

function openToAppend(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o640)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const isOfOtherKind = code === 'ENXIO' || code === 'EISDIR' || code === 'ELOOP' || code === 'EMLINK'
    const kind = isOfOtherKind ? readFileKind(path) : undefined
    throw kind === undefined ? cause : printError(path, `is ${kind}`, cause)
  }
}

function printError(file: string, why: string, cause?: unknown): SdError {
  const message = `Cannot print to ${file}: it ${why}. Choose another file.`
  return new SdError('SD_CLI_LOG_FILE', message, { file, cause })
}

/** @returns undefined where this process was told no such file, or has had it before. */
export function takePrintedFile(): PrintedFile | undefined {
  const path = process.env[PRINTED_VARIABLE]
  delete process.env[PRINTED_VARIABLE]
  if (!path) return undefined
  return {
    nameAfter(daemon) {
      const named = printedFile(daemon, dirname(path))
      try {
        const before = statSync(named, { throwIfNoEntry: false })
        if (before && before.size > 0) renameSync(named, `${named}.1`)
        renameSync(path, named)
      } catch {
        // After a restart it has its name already.
      }
    },
  }
}
