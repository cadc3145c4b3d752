import { constants } from 'node:os'
import { systemClock } from './clock.ts'
import type { SignalEffect, SignalEvent } from './events.ts'

/** What a daemon does about a signal. */
export interface SignalActions {
  signal(signal: NodeJS.Signals): void
}

/** What signals do, unless a listener has something else in mind. */
export const signalEffects: Readonly<Partial<Record<NodeJS.Signals, SignalEffect>>> = Object.freeze({
  SIGINT: 'stop',
  SIGTERM: 'stop',
  SIGHUP: 'restart',
  SIGUSR1: 'statistics',
  SIGCONT: 'wake',
})

/** Ends the part of one listener of `signal`. */
const CONCLUDE: unique symbol = Symbol('conclude')

/** What the listeners of `signal` are told, and what came of it. */
export class SignalNotice implements SignalEvent {
  readonly signal: NodeJS.Signals
  readonly number: number
  readonly default: SignalEffect | undefined
  /** For listeners that take it out of the payload. */
  readonly preventDefault: () => void
  #isAsked = false
  #isPrevented = false

  constructor(signal: NodeJS.Signals, effect: SignalEffect | undefined) {
    this.signal = signal
    this.number = signalNumber(signal)
    this.default = effect
    this.preventDefault = () => {
      this.#isAsked = true
    }
  }

  /** Whether a listener that did not fail has asked for it. */
  get isPrevented(): boolean {
    return this.#isPrevented
  }

  [CONCLUDE](hasFailed: boolean): void {
    if (this.#isAsked && !hasFailed) this.#isPrevented = true
    this.#isAsked = false
  }
}

/** Notes what one listener has asked for: one that fails has asked for nothing. */
export function concludeSignal(payload: unknown, hasFailed: boolean): void {
  if (payload instanceof SignalNotice) payload[CONCLUDE](hasFailed)
}

/** A listener for process signals that can be taken off again. */
export interface SignalListener {
  /** Also listens for the signals that the daemon itself has no use for. */
  listenToOthers(): void
  remove(): void
}

/**
 * Left alone: KILL and STOP cannot be caught; the job-control signals must go on suspending; CHLD belongs to
 * Node; PROF to V8's profiler; and after a fault no JavaScript can run.
 */
const LEFT_ALONE: ReadonlySet<string> = new Set(
  'KILL STOP TSTP TTIN TTOU CHLD PROF SEGV BUS FPE ILL ABRT IOT TRAP SYS STKFLT UNUSED'
    .split(' ')
    .map((name) => `SIG${name}`),
)

/**
 * A terminal and the package manager in front of it deliver one Ctrl-C more than once, and so do a wrapper that passes
 * SIGTERM on and the process group that has been sent it anyway. Milliseconds.
 */
const ONE_ORDER = 300

/** Tells a second order to stop from one order that arrives twice. */
export class StopOrders {
  #at = Number.NEGATIVE_INFINITY

  /** Notes an order. */
  note(): void {
    this.#at = systemClock.now()
  }

  /** Notes an order. @returns whether it is one that has come already. */
  isRepeated(): boolean {
    const isRepeated = systemClock.now() - this.#at < ONE_ORDER
    if (!isRepeated) this.note()
    return isRepeated
  }
}

/**
 * Listens for signals. The ones that the daemon has no use for are caught only once somebody listens to them
 * (`listenToOthers`), so that until then they keep their usual effect.
 */
export function listenForSignals(actions: SignalActions): SignalListener {
  const installed = new Map<NodeJS.Signals, () => void>()
  const install = (signal: NodeJS.Signals): void => {
    if (installed.has(signal)) return
    const action = (): void => actions.signal(signal)
    process.on(signal, action)
    installed.set(signal, action)
  }

  for (const signal of Object.keys(signalEffects)) install(signal as NodeJS.Signals)

  return {
    listenToOthers() {
      const numbers = new Set<number>()
      for (const [name, number] of Object.entries(constants.signals)) {
        // Several names may stand for one number (IO and POLL); the first is the one Node reports.
        if (LEFT_ALONE.has(name) || numbers.has(number)) continue
        numbers.add(number)
        install(name as NodeJS.Signals)
      }
    },
    remove() {
      // Without any listener SIGPIPE would not be ignored any more, as Node does from its start, but deadly.
      if (installed.has('SIGPIPE') && process.listenerCount('SIGPIPE') === 1) process.on('SIGPIPE', () => {})
      for (const [signal, action] of installed) process.off(signal, action)
      installed.clear()
    },
  }
}

/** The number of a signal on this system. */
export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal]
}
