import { type BackOffPolicy, backOffDelay, countFailure, isPastLimit } from '../back-off.ts'
import { type Clock, systemClock } from '../clock.ts'
import { launcher } from '../launcher.ts'
import { type Checks, must, resolveOptions } from '../resolve-options.ts'
import { SdError } from '../sd-error.ts'
import { flushOutput } from './flush-output.ts'
import { HAND_OVER_VARIABLE, type HandedOver, takeHandedOver } from './handed-over.ts'
import { type Children, describeProcess, findChildren } from './living-children.ts'
import { checkSuccessor } from './preflight.ts'
import type { Restarter, RestartOrder } from './restarter.ts'
import { findSuccessor, readStartPlace, type Successor } from './successor.ts'
import { takeUndispatchedSignals } from './undispatched-signals.ts'

/** How a daemon is replaced, and what its failures cost. */
export interface RestartOptions {
  /**
   * Milliseconds that a new process may take to load the daemon's file and to check its environment, before the running
   * daemon is stopped; 0: it is stopped without such a check. @default 30_000
   */
  preflightTimeout?: number
  /** Milliseconds before it is started again after the first failure; each further one doubles it. @default 1000 */
  firstPause?: number
  /** Milliseconds of the longest pause. @default 60_000 */
  longestPause?: number
  /** After how many failures it gives up. They decay: see `halfLife`. @default 10 */
  mostFailures?: number
  /** Milliseconds of life after which failures count half. @default 600_000 (10 min) */
  halfLife?: number
}

const defaults = Object.freeze({
  preflightTimeout: 30_000,
  firstPause: 1000,
  longestPause: 60_000,
  mostFailures: 10,
  halfLife: 600_000,
})

const checks: Checks<RestartOptions> = {
  preflightTimeout: must.beNumber(0, 3_600_000, 'milliseconds'),
  firstPause: must.beNumber(0, 3_600_000, 'milliseconds'),
  longestPause: must.beNumber(0, 24 * 3_600_000, 'milliseconds'),
  mostFailures: must.beInteger(0),
  halfLife: must.beNumber(1, Number.POSITIVE_INFINITY, 'milliseconds'),
}

/**
 * The means by which a daemon replaces itself: `execve` puts a new Node in its place, in the same process, so
 * that pid files and supervisors stay true. It gets the same arguments, the environment that this one was
 * started with, and its stdin, stdout and stderr; every other handle is closed. Before, a process of its own has
 * tried to load what is to come: where that fails, the daemon goes on. Where there is no `execve`, a
 * successor is started, which waits until this process is gone.
 *
 * A daemon that runs detached or supervised has this by itself, with the defaults.
 *
 * @throws SdError `SD_CORE_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * daemon.provideRestarter(restartInPlace({ mostFailures: 3 }))
 * ```
 */
export function restartInPlace(options: RestartOptions = {}): Restarter {
  const { mostFailures, preflightTimeout, ...pauses } = resolveOptions(
    'restartInPlace',
    'SD_CORE_OPTIONS',
    options,
    defaults,
    checks,
  )
  const policy: BackOffPolicy = { ...pauses, patience: 1, limit: mostFailures }
  const before = takeHandedOver()
  const place = readStartPlace()
  return {
    upBefore: before.upBefore,
    async check({ signal, log }) {
      const successor = findSuccessor(place, log)
      if (preflightTimeout > 0) await checkSuccessor(successor, { limit: preflightTimeout, signal, log })
    },
    async restart(order) {
      const failures = order.failed ? await backOff(before, policy, order) : before.failures
      if (!failures) return
      if (!(await letChildrenEnd(order))) return
      const next = {
        restarts: before.restarts + 1,
        reason: order.reason,
        upBefore: before.upBefore + order.uptime,
        failures,
      }
      // What is not as it was has been told of before, unless a failure left no time for a check.
      const successor = findSuccessor(place, order.failed ? order.log : () => {})
      await flushOutput(systemClock)
      if (await order.pause(0)) replaceProcess(successor, next)
    },
  }
}

/**
 * Waits as long as the failures of late demand.
 *
 * @returns undefined when the daemon is to stop instead.
 * @throws SdError `SD_CORE_GAVE_UP` after too many.
 */
async function backOff(
  { failures }: HandedOver,
  policy: BackOffPolicy,
  order: RestartOrder,
  clock: Clock = systemClock,
): Promise<HandedOver['failures'] | undefined> {
  const now = clock.now()
  const counted = countFailure(failures, policy, now, Math.random())
  const times = Math.ceil(counted.score)
  if (isPastLimit(counted, policy)) {
    const message = `The daemon has failed ${times} times in a row and is not restarted any more. Remedy what the last errors say, and start it again.`
    throw new SdError('SD_CORE_GAVE_UP', message, { failures: times })
  }
  const delay = backOffDelay(counted, now)
  order.log(
    `Restarting in ${(delay / 1000).toFixed(1)} s after failure ${times} of at most ${policy.limit}: ${order.reason}`,
  )
  const retry = { failures: times, limit: policy.limit, delay }
  return (await order.pause(delay, retry)) ? counted : undefined
}

/** Milliseconds that children may take to end. */
const CHILDREN_MAY_TAKE = 1000

/** Milliseconds in which Node reaps a child that has ended, on a busy machine. */
const REAPING_MAY_TAKE = 500

/** Milliseconds. */
const LOOK_AGAIN = 20

/**
 * Waits for the user's own child processes: whoever ends after the process was replaced is a zombie until the
 * daemon ends, because the new Node does not know it.
 *
 * @returns false when the daemon is to stop instead.
 */
async function letChildrenEnd(order: RestartOrder): Promise<boolean> {
  const begin = systemClock.now()
  for (let found = findChildren(); isAwaited(found, systemClock.now() - begin); found = findChildren()) {
    if (!(await order.pause(LOOK_AGAIN))) return false
  }
  const left = findChildren().living
  if (left.length > 0) {
    order.log(
      `Child processes outlive the restart, and nobody will know when they end: ${left.map(describeProcess).join(', ')}. End them in the daemon's teardown.`,
    )
  }
  return true
}

/** Those that have ended are reaped in a moment, or never. @param waited - milliseconds. */
function isAwaited({ living, ended }: Children, waited: number): boolean {
  return (living.length > 0 && waited < CHILDREN_MAY_TAKE) || (ended.length > 0 && waited < REAPING_MAY_TAKE)
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

/** Puts a new Node in this one's place. Returns only where there is no `execve`. */
function replaceProcess(successor: Successor, next: HandedOver): void {
  const { file, flags, command, environment, directory } = successor
  const args = [...flags, ...command]
  const carrying = (more: Partial<HandedOver>): Record<string, string> => ({
    ...environment,
    [HAND_OVER_VARIABLE]: JSON.stringify({ ...next, ...more }),
  })
  launcher()?.beforeReplace?.()
  process.chdir(directory)
  // For what listens to `exit` the program ends here, although the process goes on.
  const { execve } = process
  if (!execve) return startSuccessor(file, args, carrying({ predecessor: process.pid }))
  // Nothing here can hear an order to stop any more, and the next life could not know of it: it ends the process.
  for (const signal of STOP_SIGNALS) process.removeAllListeners(signal)
  for (const signal of takeUndispatchedSignals())
    if (STOP_SIGNALS.includes(signal)) process.kill(process.pid, signal)
  process.emit('exit', 0)
  // Where a debugger is connected, Node would wait in execve until that leaves.
  process.getBuiltinModule('node:inspector')?.close()
  // One that fails ends the process on the spot, with a core dump and no word in the log.
  execve(file, [process.argv0, ...args], carrying({ pid: process.pid }))
}

function startSuccessor(file: string, args: readonly string[], env: Record<string, string>): void {
  // Asked for here and not imported: worker processes load this file too, and never come here.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const successor = spawn(file, args, { env, stdio: 'inherit', detached: true, windowsHide: true })
  successor.unref()
}
