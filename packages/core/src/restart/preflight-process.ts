import { writeSync } from 'node:fs'
import { toError } from '../sd-error.ts'

/** What the process of a preflight check tells: one line of JSON. */
export type PreflightVerdict =
  | { readonly sound: true }
  | { readonly sound: false; readonly code: string | undefined; readonly message: string }

/** The environment variable that makes a process such a check; its value is the parent's pid. */
export const PREFLIGHT_VARIABLE = 'SD_PREFLIGHT'

/** The descriptor on which it tells its verdict. It closes when the parent ends. */
export const PREFLIGHT_PIPE = 3

/** Characters of an error that are told. */
const TOLD = 4000

/** The most that `setInterval` takes. Milliseconds. */
const LONGEST_INTERVAL = 2 ** 31 - 1

/** A process is one or is not, whichever copies of this package it loads. Counts the daemons that are being checked. */
const KEY: unique symbol = Symbol.for('sd.preflight') as never
const place = globalThis as { [KEY]?: { readonly isOn: boolean; running: number } }

/** Read once, and then taken out of the environment: processes that the program starts are none. */
function takePreflight(): { readonly isOn: boolean; running: number } {
  if (!place[KEY]) {
    place[KEY] = { isOn: process.env[PREFLIGHT_VARIABLE] === String(process.ppid), running: 0 }
    delete process.env[PREFLIGHT_VARIABLE]
  }
  return place[KEY]
}

/** Whether this process only checks whether the daemon could start: nothing may begin to work here. */
export function isPreflight(): boolean {
  return takePreflight().isOn
}

/**
 * Ends a preflight check with what a daemon's own check says. Where several daemons run in the process, it passes when all do.
 * Never returns: the parent kills this process, so that no listener of `exit` undoes what the running daemon has made.
 */
export async function concludePreflight(check: () => Promise<void>): Promise<never> {
  const preflight = takePreflight()
  preflight.running++
  try {
    await check()
    // What the file fails with right after its call of run() comes first.
    await new Promise((resolve) => setImmediate(resolve))
    preflight.running--
    if (preflight.running === 0) tell({ sound: true })
  } catch (thrown) {
    const { message, code } = toError(thrown) as Error & { code?: unknown }
    tell({ sound: false, code: typeof code === 'string' ? code : undefined, message: message.slice(0, TOLD) })
  }
  setInterval(() => {}, LONGEST_INTERVAL)
  return new Promise<never>(() => {})
}

function tell(verdict: PreflightVerdict): void {
  try {
    writeSync(PREFLIGHT_PIPE, `${JSON.stringify(verdict)}\n`)
  } catch {
    // The parent has gone, and this process ends with it.
  }
}
