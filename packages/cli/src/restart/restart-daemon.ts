import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SdError } from '@sd/core'
import { isAlive, signalProcess } from '@sd/core/process-identity'
import { notRunningError } from '../daemons/ask-daemon.ts'
import type { DaemonStatus } from '../daemons/daemon-status.ts'
import { isSeen, lookForShown, type Sighting } from '../daemons/sighting.ts'
import { withControl } from '../daemons/with-control.ts'
import { exitCodes } from '../exit-codes.ts'
import { printedFile } from '../launch/printed-file.ts'
import { watchPrintedText } from '../launch/printed-text.ts'
import type { Output } from '../output/output.ts'
import { withLines } from '../output/with-lines.ts'
import { readTimeout } from '../read-timeout.ts'

/** What `restart` is called with. */
interface RestartArguments {
  readonly daemon: string
  readonly 'pid-file'?: string | undefined
  readonly reason?: string | undefined
  /** Seconds. */
  readonly timeout: number
  /** For the daemon, where it has to be started. */
  readonly rest: readonly string[]
}

/** Milliseconds. */
const LOOK_AGAIN = 50

/** Restarts a daemon in place, and waits until it runs again. @returns the exit code. */
export async function restartDaemon(given: RestartArguments, out: Output): Promise<number> {
  const timeout = readTimeout(given.timeout)
  const seen = await lookForShown(given.daemon, out, given['pid-file'])
  const { name } = seen
  if (seen.state === 'stopped' || seen.state === 'dead')
    return startInstead(given, await notRunningError(seen), out)
  if (given.rest.length > 0) {
    const message = `${name} runs, and a restart in place keeps its arguments. Stop it first to start it with others.`
    throw new SdError('SD_CLI_USAGE', message, { daemon: name })
  }
  if (seen.state === 'mute') {
    if (!seen.process) throw new SdError('SD_CLI_MUTE', `${name} cannot be restarted: ${seen.why}.`)
    signalProcess(seen.process, 'SIGHUP')
    const text = `${name} is told to restart (SIGHUP to ${seen.process.pid}). Whether it does cannot be seen: ${seen.why}.`
    if (out.json) out.printJson({ name, pid: seen.process.pid, signalled: 'SIGHUP' })
    else out.print(text)
    return exitCodes.ok
  }
  const progress = out.progress(`Restarting ${name}`)
  try {
    const readPrinted = watchPrintedText(printedFile(name))
    const before = await readStatus(seen.socket)
    const end = performance.now() + timeout
    await withControl(seen.socket, async (client) => {
      const reason = given.reason ?? 'sd-cli restart'
      // It answers when it knows that the new code starts. 0 is no limit.
      await client.call('restart', { reason }, { timeout: Number.isFinite(timeout) ? timeout : 0 })
      await waitForClose(client.closed, timeout)
    })
    const after = await waitForNext(seen, before, end)
    if (after === 'ended') throw restartError(name, 'has ended and not come back', readPrinted())
    if (after === 'late')
      throw restartError(name, `does not run again within ${given.timeout} s`, readPrinted())
    progress.end()
    if (out.json) out.printJson({ name, pid: after.pid, restarts: after.restarts })
    else out.print(`${name} has restarted, pid ${after.pid}.`)
    return exitCodes.ok
  } finally {
    progress.end()
  }
}

/** A file can be started where no daemon is; a name cannot. */
async function startInstead(
  { daemon: target, rest }: RestartArguments,
  error: SdError,
  out: Output,
): Promise<number> {
  if (!statSync(target, { throwIfNoEntry: false })?.isFile()) throw error
  out.say(`${error.message} It is started.`)
  const { startFile } = await import('../start/start-file.ts')
  return startFile({ file: target, args: [], rest }, out)
}

async function waitForClose(closed: Promise<void>, timeout: number): Promise<void> {
  if (!Number.isFinite(timeout)) return closed
  await Promise.race([closed, sleep(timeout, undefined, { ref: false })])
}

function readStatus(socket: string): Promise<DaemonStatus> {
  return withControl(socket, (client) =>
    client.call('status', { lines: 0 }),
  ) as Promise<unknown> as Promise<DaemonStatus>
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
    const after = await readStatus(socket).catch(() => undefined)
    const isNext = after && (after.restarts > before.restarts || after.pid !== before.pid)
    if (isNext && after.state === 'running') return after
    if (!after && isSeen(process) && !isAlive(process)) return 'ended'
    await sleep(LOOK_AGAIN)
  }
  return 'late'
}

/** @param printed - since it was told to restart: a program that cannot be loaded has no log yet. */
function restartError(name: string, what: string, printed: string): SdError {
  const message =
    printed === ''
      ? `${name} ${what}. Its log says why: sd-cli logs ${name}`
      : withLines(`${name} ${what}.`, printed.split('\n'))
  return new SdError('SD_CLI_RESTART', message, { daemon: name, ...(printed !== '' && { printed }) })
}
