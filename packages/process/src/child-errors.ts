import { SdError } from '@sd/core'
import type { ChildExit } from './child.ts'
import { importHint } from './exchange/import-failure.ts'

/** Who an error is about; the facts that each of them carries. */
export interface ChildFacts {
  readonly title: string
  readonly group: string
  readonly pid: number | undefined
}

/** What there is too little of, and where it is set. */
const LIMITS: Readonly<Record<string, string>> = {
  EAGAIN:
    'This user may have no more processes or threads: raise the limit (ulimit -u, TasksMax), or run fewer.',
  EMFILE: 'This daemon has too many files open: raise the limit (ulimit -n, LimitNOFILE), or open fewer.',
  ENFILE: 'The system has too many files open: raise fs.file-max, or open fewer.',
  ENOMEM: 'The system has too little memory: give it more, or run fewer processes.',
}

export function notReadyError(child: ChildFacts, readyTimeout: number, lastOutput: string): SdError {
  const message = `${who(child)} was not ready within ${readyTimeout} ms and was killed. Give it more time with readyTimeout, or look at what it waits for.`
  return new SdError('SD_PROCESS_NOT_READY', message + quote(lastOutput), {
    ...child,
    readyTimeout,
    lastOutput,
  })
}

export function startFailedError(child: ChildFacts, cause: Error): SdError {
  return new SdError('SD_PROCESS_START_FAILED', `${who(child)} could not start: ${cause.message}`, {
    ...child,
    cause,
  })
}

export function spawnError(child: ChildFacts, cause: Error): SdError {
  const code = (cause as NodeJS.ErrnoException).code
  const hint = code === undefined ? undefined : LIMITS[code]
  const message = `The system refused to start ${child.title}: ${cause.message}.${hint === undefined ? '' : ` ${hint}`}`
  return new SdError('SD_PROCESS_SPAWN', message, { ...child, cause, reason: code })
}

export function protocolError(child: ChildFacts, what: string, cause?: Error): SdError {
  const message = `${who(child)} ${what}, and was killed. Only the runtime of Simple Daemon may use the file descriptors 3 to 5 of a child.`
  return new SdError('SD_PROCESS_PROTOCOL', message, { ...child, cause })
}

export function diedError(child: ChildFacts, exit: ChildExit): SdError {
  const { code, signal, lastOutput } = exit
  const message = `${who(child)} died before it was ready: ${describeExit(exit)}.`
  return new SdError('SD_PROCESS_DIED', message + importHint(lastOutput) + quote(lastOutput), {
    ...child,
    exitCode: code,
    signal,
    lastOutput,
  })
}

export function closedError(group: string): SdError {
  const message = `No child of the group "${group}" is spawned any more: the daemon is stopping.`
  return new SdError('SD_PROCESS_CLOSED', message, { group })
}

/** What a daemon that gives up on a group says. */
export function churnError(group: string, exit: ChildExit): SdError {
  const last = exit.error ? exit.error.message : `${describeExit(exit)}.${quote(exit.lastOutput)}`
  const message = `The children of the group "${group}" die again and again before they do anything useful. The last one: ${last}`
  return new SdError('SD_PROCESS_CHURN', message, { group, cause: exit.error })
}

/** An end in words. */
function describeExit({ code, signal }: Pick<ChildExit, 'code' | 'signal'>): string {
  if (signal !== null) return `killed by ${signal}`
  return code === null ? 'it never ran' : `exit code ${code}`
}

function who({ title, pid }: ChildFacts): string {
  return pid === undefined ? title : `${title} (pid ${pid})`
}

function quote(lastOutput: string): string {
  return lastOutput.trim() === '' ? ' It printed nothing.' : ` Its last output:\n${lastOutput.trimEnd()}`
}
