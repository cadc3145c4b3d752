import { signalNames, signalNumber } from './find-signal.ts'

/** What a daemon does on a signal. All others are told to its listeners of `signal`. */
const EFFECTS: Readonly<Record<string, string>> = {
  HUP: 'restarts; stops in a plain shell',
  INT: 'stops when it has finished what it does; a second one: at once',
  TERM: 'stops when it has finished what it does; a second one: at once',
  USR1: 'writes its statistics to the log',
  CONT: 'wakes up: the next iteration begins at once; goes on after STOP',
  KILL: 'ends at once, with all its workers; nothing is finished',
  STOP: 'stands still until CONT',
}

/** A signal, for people. */
export interface SignalRow {
  readonly number: number
  readonly name: string
  /** What a daemon does. */
  readonly effect: string
}

/** All signals of this system. */
export function listSignals(): SignalRow[] {
  return signalNames().map((name) => ({
    number: signalNumber(`SIG${name}` as NodeJS.Signals),
    name,
    effect: EFFECTS[name] ?? '',
  }))
}
