import { fstatSync, writeSync } from 'node:fs'
import { escapeText } from './escape-text.ts'
import { readSafely } from './format-values.ts'

/** Where Simple Daemon's packages lie; undefined in a CommonJS bundle. */
const PACKAGES = (import.meta.url as string | undefined) && new URL('../../', import.meta.url).href

/** How many causes deep is looked. */
const DEEPEST = 8

/** A failed start that was logged. */
interface LoggedFailure {
  readonly text: string
  /** What shows it: the terminal, a file, or only the program's own logger. */
  readonly place: 'stdout' | 'file' | 'logger'
}

/** Kept on a global symbol: the command line may come with its own copy of this package. */
const KEY: unique symbol = Symbol.for('sd.loggedFailures') as never
const kept = globalThis as { [KEY]?: WeakMap<object, LoggedFailure> }

/**
 * Whether an error is one that operation brings about, and no defect of a program: an `SdError`, whose message says what to
 * do, or a refusal of the system (`EADDRINUSE`, `ENOENT`).
 */
export function isExpectedFailure(error: object): boolean {
  const { code, syscall } = readSafely(() => error as NodeJS.ErrnoException) ?? {}
  return isOwn(error) || (typeof code === 'string' && typeof syscall === 'string')
}

/** An expected failure in two lines: what has failed, and what to do or where it was. */
export function describeFailure(error: Error): string {
  const { message } = error
  const root = findRoot(error)
  const place = isOwn(root) || message.includes('\n    at ') ? undefined : findPlace(root)
  if (place !== undefined) return `${message}\n${place}`
  if (isOwn(error)) return message
  const isBusy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  return `${message}\n${isBusy ? 'Another process listens there: stop it, or choose another address.' : 'Set verbose, or start with --verbose, to see where.'}`
}

/** Remembers that the log has shown why a start failed. */
export function noteFailure(error: Error, failure: LoggedFailure): void {
  kept[KEY] ??= new WeakMap()
  kept[KEY].set(error, failure)
}

/**
 * What is left to tell on stderr of a failure.
 *
 * @returns the text; `''` when its reader has it from the log; undefined when it was not logged.
 */
export function untoldFailure(error: Error): string | undefined {
  const failure = kept[KEY]?.get(error)
  if (!failure) return undefined
  const isShown = failure.place === 'file' || (failure.place === 'stdout' && isOneOutput())
  return isShown ? '' : failure.text
}

/**
 * Has the process end with exit code 1 when nobody catches an error, as it would by itself, but without the stack and the
 * facts that Node prints. Does nothing where the program has a say in that.
 *
 * @param text - what is told on stderr; `''`: nothing.
 * @returns undoes it.
 */
export function endBriefly(error: Error, text: string): () => void {
  if (process.listenerCount('uncaughtException') > 0) return () => {}
  const undo = (): void => void process.off('uncaughtException', onUncaught)
  const onUncaught = (thrown: unknown): void => {
    undo()
    if (thrown !== error) {
      // For Node, or for listeners that have come meanwhile.
      setImmediate(() => {
        throw thrown
      })
      return
    }
    if (text !== '') readSafely(() => writeSync(process.stderr.fd, `${escapeText(text, '\n\t')}\n`))
    process.exit(Number(process.exitCode) || 1)
  }
  process.on('uncaughtException', onUncaught)
  return undo
}

/** Has a wrong option end the program with its message and its place, where nobody catches the error. */
export function endAtOption<Failure extends Error>(error: Failure): Failure {
  const place = findPlace(error)
  const undo = endBriefly(error, `Error: ${error.message}${place === undefined ? '' : `\n${place}`}`)
  // What is not caught by then is caught.
  setImmediate(undo)
  return error
}

function isOwn(error: object): boolean {
  const code = readSafely(() => (error as { code?: unknown }).code)
  return typeof code === 'string' && code.startsWith('SD_')
}

function findRoot(error: Error): Error {
  let root = error
  for (let depth = 0; depth < DEEPEST; depth++) {
    const cause = readSafely(() => root.cause)
    if (!(cause instanceof Error)) break
    root = cause
  }
  return root
}

/** The line of a stack that names the program's own file. */
function findPlace(error: Error): string | undefined {
  const stack = readSafely(() => error.stack)
  const lines = typeof stack === 'string' ? stack.split('\n') : []
  return lines.find(
    (line) => /^\s+at /.test(line) && !/node:|\/node_modules\//.test(line) && !isOfPackage(line),
  )
}

function isOfPackage(line: string): boolean {
  return PACKAGES !== undefined && line.includes(PACKAGES) && /\/(?:src|dist)\//.test(line)
}

/** Whether stdout and stderr go to the same terminal or file. */
function isOneOutput(): boolean {
  const [out, err] = [process.stdout.fd, process.stderr.fd].map((fd) => readSafely(() => fstatSync(fd)))
  return out !== undefined && err !== undefined && out.dev === err.dev && out.ino === err.ino
}
