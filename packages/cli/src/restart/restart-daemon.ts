import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLife } from '@sd/control/life'
import { SdError } from '@sd/core'
import { isAlive, signalProcess } from '@sd/core/process-identity'
import { notRunningError } from '../daemons/ask-daemon.ts'
import { type DaemonStatus, readStatus } from '../daemons/daemon-status.ts'
import { isSeen, type Sighting } from '../daemons/sighting.ts'
import { isInTransition, lookForSettled, waitForChange } from '../daemons/transition.ts'
import { withControl } from '../daemons/with-control.ts'
import { exitCodes } from '../exit-codes.ts'
import { printedFile } from '../launch/printed-file.ts'
import { watchPrintedText } from '../launch/printed-text.ts'
import { describeEnd } from '../life/describe-life.ts'
import type { Output } from '../output/output.ts'
import { withLines } from '../output/with-lines.ts'
import { withProgress } from '../output/with-progress.ts'
import { readTimeout } from '../read-timeout.ts'

/** What `restart` is called with. */
export interface RestartArguments {
  readonly daemon: string
  readonly 'pid-file'?: string | undefined
  readonly reason?: string | undefined
  /** Seconds. */
  readonly timeout: number
  readonly force: boolean
  /** For the daemon, where it has to be started. */
  readonly rest: readonly string[]
}

/** A daemon in its next life. */
interface Restarted {
  readonly pid: number
  /** Null where it cannot be asked. */
  readonly restarts: number | null
}

/** What a daemon answers when it is gone, or about to be. */
const GONE: ReadonlySet<unknown> = new Set(['SD_CONTROL_GONE', 'SD_CONTROL_NOT_RUNNING'])

/** Milliseconds. */
const LOOK_AGAIN = 50

/**
 * Restarts a daemon in place, and waits until it runs again. One that is starting, restarting or stopping is waited for
 * first.
 *
 * @returns the exit code.
 */
export async function restartDaemon(given: RestartArguments, out: Output): Promise<number> {
  const end = performance.now() + readTimeout(given.timeout)
  for (;;) {
    const seen = await lookForSettled(given.daemon, out, { pidFile: given['pid-file'], end })
    const { name } = seen
    if (seen.state === 'stopped' || seen.state === 'dead')
      return startInstead(given, await notRunningError(seen), out)
    if (given.rest.length > 0) {
      const message = `${name} runs, and a restart in place keeps its arguments. Stop it first to start it with others.`
      throw new SdError('SD_CLI_USAGE', message, { daemon: name })
    }
    if (isHung(seen)) {
      if (!given.force) throw hungError(seen)
      return (await import('./force-restart.ts')).forceRestart(seen, given.timeout, out)
    }
    const restarted = await withProgress(out, `Restarting ${name}`, () =>
      seen.state === 'answers' ? askToRestart(seen, given, end) : signalToRestart(seen, given.timeout, end),
    )
    // Another one has stopped or restarted it in between.
    if (!restarted) continue
    if (out.json) out.printJson({ name, ...restarted })
    else out.print(`${name} has restarted, pid ${restarted.pid}.`)
    return exitCodes.ok
  }
}

/** @returns undefined where it was gone before it could be asked. */
async function askToRestart(
  seen: Sighting & { state: 'answers' },
  { reason = 'sd-cli restart', timeout }: RestartArguments,
  end: number,
): Promise<Restarted | undefined> {
  const { name, socket } = seen
  const readPrinted = seen.isForeign ? () => '' : watchPrintedText(printedFile(name))
  let before: DaemonStatus
  try {
    before = await askForStatus(socket)
    await withControl(socket, async (client) => {
      const left = Math.max(1, end - performance.now())
      // It answers when it knows that the new code starts. 0 is no limit.
      await client.call('restart', { reason }, { timeout: Number.isFinite(left) ? left : 0 })
    })
  } catch (error) {
    if (GONE.has((error as SdError).code) && performance.now() < end) return undefined
    throw error
  }
  const after = await waitForNext(seen, before, end)
  if (after === 'ended') throw endedError(name, dirname(socket), readPrinted())
  if (after === 'late') throw restartError(name, `does not run again within ${timeout} s`, readPrinted())
  return { pid: after.pid, restarts: after.restarts }
}

/**
 * Restarts a daemon that can only be signalled.
 *
 * @param timeout - seconds, for messages.
 * @returns undefined where it was gone before it was signalled.
 */
async function signalToRestart(
  { name, process, why, life: before }: Sighting & { state: 'mute' },
  timeout: number,
  end: number,
): Promise<Restarted | undefined> {
  if (!process) throw new SdError('SD_CLI_MUTE', `${name} cannot be restarted: ${why}.`)
  if (!before?.isAlive)
    throw new SdError('SD_CLI_MUTE', `${name} cannot be restarted: nothing tells whether it hears signals.`)
  // Between two lives, there may be nothing yet that hears it.
  if (isInTransition(before) || !signalProcess(process, 'SIGHUP')) return undefined
  const unchanged = restartError(name, `goes on as before: it has not restarted within ${timeout} s`, '')
  let now = await waitForChange(before, end).catch(() => undefined)
  if (!now) throw isAlive(process) ? unchanged : endedError(name, dirname(before.path), '')
  // A try that is under way is still called retrying.
  while (now && (isInTransition(now) || (now.state === 'retrying' && now.retry?.next === null))) {
    now = await waitForChange(now, end)
  }
  if (now?.isAlive && now.retry) throw restartError(name, `has failed again: ${now.retry.reason}`, '')
  if (!now?.isAlive || now.state !== 'running') throw endedError(name, dirname(before.path), '')
  return { pid: now.process.pid, restarts: null }
}

/** Whether a daemon has a socket, and has come to run, and does not answer. */
function isHung(seen: Sighting): seen is Sighting & { state: 'mute' } {
  return seen.state === 'mute' && seen.hasSocket
}

function hungError({ name, process, why }: Sighting & { state: 'mute' }): SdError {
  const pid = process ? `, pid ${process.pid},` : ''
  const message = `${name}${pid} cannot restart itself: ${why}. Kill it and start it anew: sd-cli restart ${name} --force`
  return new SdError('SD_CLI_MUTE', message, { daemon: name, ...(process && { pid: process.pid }) })
}

/** A file can be started where no daemon is; a name cannot. */
async function startInstead(
  { daemon: target, rest, timeout, ...given }: RestartArguments,
  error: SdError,
  out: Output,
): Promise<number> {
  if (!statSync(target, { throwIfNoEntry: false })?.isFile()) throw error
  out.say(`${error.message} It is started.`)
  const { startFile } = await import('../start/start-file.ts')
  return startFile({ file: target, args: [], rest, timeout, 'pid-file': given['pid-file'] }, out)
}

async function askForStatus(socket: string): Promise<DaemonStatus> {
  return readStatus(await withControl(socket, (client) => client.call('status', { lines: 0 })))
}

/**
 * Waits until the daemon runs in its next life.
 *
 * @param end - monotonic milliseconds.
 */
async function waitForNext(
  { socket, process }: Sighting & { state: 'answers' },
  before: DaemonStatus,
  end: number,
): Promise<DaemonStatus | 'ended' | 'late'> {
  while (performance.now() < end) {
    const after = await askForStatus(socket).catch(() => undefined)
    const isNext = after && (after.restarts > before.restarts || after.pid !== before.pid)
    if (isNext && after.state === 'running') return after
    if (!after && isSeen(process) && !isAlive(process)) return 'ended'
    await sleep(LOOK_AGAIN)
  }
  return 'late'
}

/** It may have been told to stop meanwhile. */
function endedError(name: string, directory: string, printed: string): SdError {
  const end = readLife(name, directory)?.end
  return restartError(name, `has ended and not come back${end ? `: ${describeEnd(end)}` : ''}`, printed)
}

/** @param printed - since it was told to restart: a program that cannot be loaded has no log yet. */
function restartError(name: string, what: string, printed: string): SdError {
  const message =
    printed === ''
      ? `${name} ${what}. Its log says why: sd-cli logs ${name}`
      : withLines(`${name} ${what}.`, printed.split('\n'))
  return new SdError('SD_CLI_RESTART', message, { daemon: name, ...(printed !== '' && { printed }) })
}
