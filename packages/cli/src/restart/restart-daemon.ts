import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SdError } from '@sd/core'
import { isAlive, type ProcessIdentity, signalProcess } from '@sd/core/process-identity'
import { notRunningError } from '../daemons/ask-daemon.ts'
import type { DaemonStatus } from '../daemons/daemon-status.ts'
import { lookForShown } from '../daemons/sighting.ts'
import { withControl } from '../daemons/with-control.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'

/** What `restart` is called with. */
interface RestartArguments {
  readonly daemon: string
  readonly 'pid-file'?: string | undefined
  readonly reason?: string | undefined
  /** Seconds. */
  readonly timeout: number
}

/** Milliseconds. */
const LOOK_AGAIN = 50

/** Restarts a daemon in place, and waits until it runs again. @returns the exit code. */
export async function restartDaemon(given: RestartArguments, out: Output): Promise<number> {
  const seen = await lookForShown(given.daemon, out, given['pid-file'])
  const { name } = seen
  if (seen.state === 'stopped' || seen.state === 'dead')
    return startInstead(given.daemon, await notRunningError(seen), out)
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
    const before = await readStatus(seen.socket)
    await withControl(seen.socket, async (client) => {
      await client.call('restart', { reason: given.reason ?? 'sd-cli restart' })
      await Promise.race([client.closed, sleep(given.timeout * 1000, undefined, { ref: false })])
    })
    const after = await waitForNext(name, seen.socket, seen.process, before, given.timeout * 1000)
    progress.end()
    if (out.json) out.printJson({ name, pid: after.pid, restarts: after.restarts })
    else out.print(`${name} has restarted, pid ${after.pid}.`)
    return exitCodes.ok
  } finally {
    progress.end()
  }
}

/** A file can be started where no daemon is; a name cannot. */
async function startInstead(target: string, error: SdError, out: Output): Promise<number> {
  if (!statSync(target, { throwIfNoEntry: false })?.isFile()) throw error
  out.say(`${error.message} It is started.`)
  const { startFile } = await import('../start/start-file.ts')
  return startFile({ file: target, args: [], rest: [] }, out)
}

function readStatus(socket: string): Promise<DaemonStatus> {
  return withControl(socket, (client) =>
    client.call('status', { lines: 0 }),
  ) as Promise<unknown> as Promise<DaemonStatus>
}

/** Waits until the daemon runs in its next life. */
async function waitForNext(
  name: string,
  socket: string,
  process: ProcessIdentity,
  before: DaemonStatus,
  timeout: number,
): Promise<DaemonStatus> {
  const end = performance.now() + timeout
  while (performance.now() < end) {
    const after = await readStatus(socket).catch(() => undefined)
    const isNext = after && (after.restarts > before.restarts || after.pid !== before.pid)
    if (isNext && after.state === 'running') return after
    if (!after && !isAlive(process)) {
      const message = `${name} has ended and not come back. Its log says why: sd-cli logs ${name}`
      throw new SdError('SD_CLI_RESTART', message, { daemon: name })
    }
    await sleep(LOOK_AGAIN)
  }
  const message = `${name} does not run again within ${timeout / 1000} s. Its log says why: sd-cli logs ${name}`
  throw new SdError('SD_CLI_RESTART', message, { daemon: name })
}
