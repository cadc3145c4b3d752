import { HAND_OVER_VARIABLE, readHandedOver } from './handed-over.ts'

/** How long the daemon of a process that was replaced may take to listen, once it was told to stop. Milliseconds. */
const LISTENS_WITHIN = 500

/** What a daemon listens for. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const

interface EarlySignals {
  /** In the order in which they came. */
  readonly held: NodeJS.Signals[]
  release(): void
}

/** A process has one, whichever copies of this package there are. */
const KEY: unique symbol = Symbol.for('sd.earlySignals') as never
const place = globalThis as { [KEY]?: EarlySignals }

/**
 * Keeps the signals that come before the daemon listens for them. For a process that was replaced in place: to those who
 * signal it, it is the daemon that it was before, and has been listening all the time.
 */
export function holdEarlySignals(): void {
  if (place[KEY] || !readHandedOver(process.env[HAND_OVER_VARIABLE])) return
  const held: NodeJS.Signals[] = []
  let limit: NodeJS.Timeout | undefined
  const hold = (signal: NodeJS.Signals): void => {
    held.push(signal)
    if (signal === 'SIGTERM' || signal === 'SIGINT') limit ??= setTimeout(() => endBy(signal), LISTENS_WITHIN)
  }
  for (const signal of SIGNALS) process.on(signal, hold)
  const release = (): void => {
    clearTimeout(limit)
    for (const signal of SIGNALS) process.off(signal, hold)
  }
  place[KEY] = { held, release }
}

/** Delivers what was held to those who listen now. A program may have several daemons, and run them one after the other. */
export function releaseEarlySignals(): void {
  const early = place[KEY]
  if (!early) return
  early.release()
  const held = early.held.splice(0)
  if (held.length > 0) setImmediate(() => held.forEach((signal) => void process.emit(signal, signal)))
}

/** Ends the process as if nobody had listened: what it loads takes too long. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
