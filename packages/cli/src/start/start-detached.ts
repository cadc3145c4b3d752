import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { logicalPath, SdError } from '@sd/core'
import { daemonNodeFlags, startsInspector } from '@sd/core/inspector-flags'
import { findLeakingDescriptors } from '@sd/process/inherited-descriptors'
import { openLogDirectory } from '../launch/log-directory.ts'
import { openPrintedFile } from '../launch/printed-file.ts'
import { watchPrintedText } from '../launch/printed-text.ts'
import {
  LEAKED_VARIABLE,
  PRINTED_VARIABLE,
  READY_VARIABLE,
  type StartMessage,
} from '../launch/start-message.ts'
import { withLines } from '../output/with-lines.ts'
import { removeLeftovers } from './remove-leftovers.ts'

/** What is to be started. */
export interface DetachedStart {
  /** Node's arguments, without its own flags. */
  readonly command: readonly string[]
  /** @default the present one */
  readonly cwd?: string | undefined
  /** @default the present one */
  readonly environment?: NodeJS.ProcessEnv | undefined
  /** File mode bits that the daemon's files never have. */
  readonly umask: number
  /** Where the log goes, and what the process prints; undefined: a file of its own beside the logs. */
  readonly log: string | undefined
  /** Milliseconds that the start may take. */
  readonly timeout: number
}

/** How a start went. */
export interface StartOutcome {
  /** What the process has told; undefined when it ended without a word. */
  readonly message: StartMessage | undefined
  readonly pid: number
  /** What it has printed, where it has failed. */
  readonly printed: string
  /** How it ended, where it did. */
  readonly exit: string | undefined
}

/** The descriptor of the pipe in the new process. */
const PIPE = 3

/** Milliseconds from the polite request to the end by force, at most. */
const KILL_AFTER = 5000

/** The same, at least. */
const KILL_NOT_BEFORE = 1000

/** A start that was to be brief ends briefly. @param timeout - milliseconds that it might take. */
function killAfter(timeout: number): number {
  return Math.min(KILL_AFTER, Math.max(KILL_NOT_BEFORE, timeout / 10))
}

/**
 * Starts a process in a session of its own, without a terminal, and waits until it says that it is ready or that it
 * has failed. One that takes too long is ended.
 *
 * @param signal - gives the start up, and ends what was started.
 * @throws SdError `SD_CLI_START_TIMEOUT`, `SD_CLI_INTERRUPTED`.
 */
export async function startDetached(start: DetachedStart, signal: AbortSignal): Promise<StartOutcome> {
  const printed = new PrintedText(start.log)
  const child = launch(start, printed)
  try {
    const outcome = await waitForWord(child, start.timeout, signal)
    return { ...outcome, pid: child.pid!, printed: printed.read() }
  } catch (error) {
    if (child.signalCode === 'SIGKILL') await removeLeftovers(child.pid!)
    throw withOutput(error as SdError, printed.read())
  } finally {
    printed.close()
    child.stdio[PIPE]?.destroy()
    child.unref()
  }
}

/** An error with what the process has said until then. */
function withOutput(error: SdError, printed: string): SdError {
  const { code, message, log, ...facts } = error
  const lines = (log as readonly string[] | undefined) ?? printed.split('\n')
  return new SdError(code, withLines(message, lines), { ...facts, log: lines })
}

function launch(
  { command, cwd, environment = process.env, umask }: DetachedStart,
  printed: PrintedText,
): ChildProcess {
  const before = process.umask(umask)
  try {
    const { NODE_OPTIONS } = environment
    // The daemon's inspector is to listen where this process's does.
    if (startsInspector(process.execArgv, NODE_OPTIONS)) process.getBuiltinModule('node:inspector').close()
    const child = spawn(process.execPath, [...daemonNodeFlags(process.execArgv, NODE_OPTIONS), ...command], {
      cwd,
      detached: true,
      // The directory as it was named: through links, which a restart follows.
      env: {
        ...environment,
        ...(cwd !== undefined && { PWD: logicalPath(cwd) }),
        [READY_VARIABLE]: String(PIPE),
        [LEAKED_VARIABLE]: findLeakingDescriptors().join(),
        ...printed.environment,
      },
      stdio: ['ignore', printed.descriptor, printed.descriptor, 'pipe'],
    })
    return child
  } finally {
    process.umask(before)
  }
}

async function waitForWord(
  child: ChildProcess,
  timeout: number,
  signal: AbortSignal,
): Promise<Pick<StartOutcome, 'message' | 'exit'>> {
  const pipe = child.stdio[PIPE] as NodeJS.ReadableStream
  let text = ''
  pipe.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  let exit: string | undefined
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) => {
      const message = `The process cannot be started: ${cause.message}.`
      reject(new SdError('SD_CLI_SPAWN', message, { cause }))
    })
    child.once('exit', (code, killer) => {
      exit = killer ?? `exit code ${code}`
      resolve()
    })
  })
  ended.catch(() => {})
  const closed = new Promise<void>((resolve) => pipe.once('close', resolve).once('end', resolve))
  const limit = timeLimit(timeout, signal)
  try {
    await Promise.race([closed, limit.passed, ended.then(() => closed)])
  } catch (error) {
    await end(child, ended, killAfter(timeout))
    // What it has logged, where it could still tell it.
    const told = readMessage(text)
    if (told?.kind === 'failed') Object.assign(error as SdError, { log: told.log })
    throw error
  } finally {
    limit.cancel()
  }
  const message = readMessage(text)
  // Whoever closes the pipe without a word, or with a bad one, is about to end.
  if (message?.kind !== 'ready')
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, KILL_AFTER).unref())])
  return { message, exit }
}

function readMessage(text: string): StartMessage | undefined {
  return text.includes('\n') ? (JSON.parse(text.split('\n')[0]!) as StartMessage) : undefined
}

/** Rejects when the time is over, or the start is given up. */
function timeLimit(timeout: number, signal: AbortSignal): { passed: Promise<never>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const passed = new Promise<never>((_, reject) => {
    if (Number.isFinite(timeout)) {
      timer = setTimeout(() => {
        const message = `The daemon was not ready within ${timeout / 1000} s, and was ended. Give it more time with --timeout SECONDS (0: without limit).`
        reject(new SdError('SD_CLI_START_TIMEOUT', message, { timeout }))
      }, timeout)
    }
    onAbort = () => reject(new SdError('SD_CLI_INTERRUPTED', 'Interrupted: the daemon was not started.'))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  passed.catch(() => {})
  return {
    passed,
    cancel() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort!)
    },
  }
}

/** Ends what was started, with all that it has started: it leads a process group. */
async function end(child: ChildProcess, ended: Promise<void>, within: number): Promise<void> {
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid!, signal)
    } catch {
      // Gone meanwhile.
    }
  }
  kill('SIGTERM')
  const timer = setTimeout(() => kill('SIGKILL'), within)
  await ended.catch(() => {})
  clearTimeout(timer)
}

/** Where a new process prints to. */
class PrintedText {
  readonly #path: string
  readonly #isTemporary: boolean
  readonly descriptor: number
  /** What was printed since the start. */
  readonly read: () => string

  constructor(log: string | undefined) {
    this.#isTemporary = log === undefined
    if (log !== undefined) mkdirSync(dirname(log), { recursive: true })
    // It gets its name when the daemon's is known.
    this.#path = log ?? join(openLogDirectory(), `.start-${process.pid}.out`)
    this.descriptor = openPrintedFile(this.#path)
    this.read = watchPrintedText(this.#path)
  }

  get environment(): Record<string, string> {
    return this.#isTemporary ? { [PRINTED_VARIABLE]: this.#path } : {}
  }

  close(): void {
    closeSync(this.descriptor)
    if (this.#isTemporary) rmSync(this.#path, { force: true })
  }
}
