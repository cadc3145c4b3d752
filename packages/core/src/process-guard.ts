import { listenForSignals, type SignalActions, type SignalListener } from './signals.ts'

/** What a daemon does about its process. */
export interface GuardActions extends SignalActions {
  /** Something was thrown, or rejected, and nobody caught it. */
  uncaught(error: unknown): void
  /** The process ends now: the last moment for synchronous work. */
  exiting(): void
}

/** The handlers of a daemon on its process. */
export interface ProcessGuard extends SignalListener {}

/** Installs a daemon's handlers for signals, uncaught errors and the end of the process. */
export function guardProcess(actions: GuardActions): ProcessGuard {
  const signals = listenForSignals(actions)
  // A rejection that nobody handles arrives here too: Node raises it as an uncaught exception.
  const onUncaught = (error: unknown): void => actions.uncaught(error)
  const onExit = (): void => actions.exiting()
  process.on('uncaughtException', onUncaught)
  process.on('exit', onExit)
  return {
    listenToOthers: signals.listenToOthers,
    remove() {
      signals.remove()
      process.off('uncaughtException', onUncaught)
      process.off('exit', onExit)
    },
  }
}

/** How long a stopped daemon may be held open by what its program left running. Milliseconds. */
const LINGER = 1000

/**
 * Sees to it that the process of a stopped daemon ends: by itself when nothing is left, by force when
 * something (a socket, a timer of the user's) still holds it open after a second.
 *
 * @param hurry - whether that second is too long.
 * @param tell - told what holds it open.
 */
export function endProcess(exitCode: number, hurry: boolean, tell: (message: string) => void): void {
  process.exitCode = exitCode
  // The daemon's own handlers are gone: without these a late Ctrl-C would turn the clean end into a kill.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(exitCode))
  const end = (): void => {
    const holding = [...new Set(process.getActiveResourcesInfo())].join(', ')
    tell(`The process was still held open (${holding || 'by unknown'}) and is ended now.`)
    process.exit(exitCode)
  }
  if (hurry) setImmediate(end).unref()
  else setTimeout(end, LINGER).unref()
}
