import { listenForSignals, type SignalActions, type SignalListener } from './signals.ts'
import { surviveBrokenOutput } from './survive-broken-output.ts'

/** What a daemon does about its process. */
export interface GuardActions extends SignalActions {
  /** Something was thrown, or rejected, and nobody caught it. */
  uncaught(error: unknown): void
  /** The process ends now: the last moment for synchronous work. */
  exiting(): void
}

/** The handlers of a daemon on its process. */
export interface ProcessGuard extends SignalListener {
  /** Tells that the daemon has stopped: it does not count any more, but still hears of everything. */
  retire(): void
}

/** How many daemons have handlers on this process: kept on a global symbol, since they may come with several copies. */
const KEY: unique symbol = Symbol.for('sd.guardedDaemons') as never
const place = globalThis as { [KEY]?: number }

function countDaemons(change: 1 | -1 | 0): number {
  place[KEY] = (place[KEY] ?? 0) + change
  return place[KEY]
}

/** Whether all daemons of this process have stopped. */
export function isLastDaemon(): boolean {
  return countDaemons(0) === 0
}

/** Installs a daemon's handlers for signals, uncaught errors and the end of the process. */
export function guardProcess(actions: GuardActions): ProcessGuard {
  const signals = listenForSignals(actions)
  // A rejection that nobody handles arrives here too: Node raises it as an uncaught exception.
  const onUncaught = (error: unknown): void => actions.uncaught(error)
  const onExit = (): void => actions.exiting()
  const releaseOutput = surviveBrokenOutput()
  process.on('uncaughtException', onUncaught)
  process.on('exit', onExit)
  countDaemons(1)
  let counts = true
  const retire = (): void => {
    if (counts) countDaemons(-1)
    counts = false
  }
  return {
    listenToOthers: signals.listenToOthers,
    retire,
    remove() {
      retire()
      signals.remove()
      releaseOutput()
      process.off('uncaughtException', onUncaught)
      process.off('exit', onExit)
    },
  }
}

/** How long a stopped daemon may be held open by what its program left running. Milliseconds. */
const LINGER = 1000

/**
 * Sees to it that the process of a stopped daemon ends: by itself when nothing is left, by force when
 * something (a socket, a timer of the user's) still holds it open after a second. While another daemon lives in
 * the process nothing is done: the last one ends it.
 *
 * @param hurry - whether that second is too long.
 * @param tell - told what holds it open.
 */
export function endProcess(exitCode: number, hurry: boolean, tell: (message: string) => void): void {
  if (!isLastDaemon()) return
  // Another daemon of this process may have failed before.
  const code = exitCode || Number(process.exitCode ?? 0)
  process.exitCode = code
  // The daemon's own handlers are gone: without these a late Ctrl-C would turn the clean end into a kill.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(code))
  const end = (): void => {
    const holding = [...new Set(process.getActiveResourcesInfo())].join(', ')
    tell(`The process was still held open (${holding || 'by unknown'}) and is ended now.`)
    process.exit(code)
  }
  if (hurry) setImmediate(end).unref()
  else setTimeout(end, LINGER).unref()
}
