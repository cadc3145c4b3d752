import { constants } from 'node:os'

const numbers: Readonly<Record<string, number>> = constants.signals

/** The names of all signals of this system, without `SIG`, by number. Of several names for one, the usual one. */
export function signalNames(): string[] {
  const usual = new Map<number, string>()
  for (const [name, number] of Object.entries(numbers)) {
    // Node lists the usual name first, except for these.
    if (!usual.has(number) || name === 'SIGABRT' || name === 'SIGIO') usual.set(number, name.slice(3))
  }
  return [...usual].sort(([a], [b]) => a - b).map(([, name]) => name)
}

/** The number of a signal. */
export function signalNumber(signal: NodeJS.Signals): number {
  return numbers[signal]!
}

/** @param text - `HUP`, `sighup`, `1`. @returns undefined: there is no such signal. */
export function findSignal(text: string): NodeJS.Signals | undefined {
  const name = /^\d+$/.test(text)
    ? signalNames().find((each) => numbers[`SIG${each}`] === Number(text))
    : text.toUpperCase().replace(/^SIG/, '')
  const signal = `SIG${name}`
  return name && Object.hasOwn(numbers, signal) ? (signal as NodeJS.Signals) : undefined
}
