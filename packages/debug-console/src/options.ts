import { type Checks, must, resolveOptions } from '@sd/core'
import { DEFAULT_POINTS, POINTS } from './hub/plan-book.ts'

/** The settings of the debug console. */
export interface DebugConsoleOptions {
  /**
   * Whether a console may attach to the running daemon over its control socket: who can connect to that, its user and
   * root, can then run any code in it. @default false
   */
  allow?: boolean
  /**
   * Whether the console opens on the daemon's own terminal when it starts. @default whether stdin and stdout are a
   * terminal
   */
  foreground?: boolean
  /**
   * Whether a thread waits for a console, so that it can attach while the daemon's main thread hangs. Costs about 17 MB while
   * nobody debugs. @default as `allow`
   */
  standby?: boolean
  /** The library's points that are on at first. @default ['breakpoint', 'timeout'] */
  points?: readonly string[]
}

/** The settings, with what holds where the user says nothing. */
export type ResolvedDebugConsoleOptions = Required<Omit<DebugConsoleOptions, 'foreground' | 'standby'>> &
  Pick<DebugConsoleOptions, 'foreground' | 'standby'>

/** What holds where the user says nothing. */
const debugConsoleDefaults = Object.freeze({ allow: false, points: DEFAULT_POINTS })

const checks: Checks<DebugConsoleOptions> = {
  allow: must.beBoolean,
  foreground: must.beBoolean,
  standby: must.beBoolean,
  points: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && Object.hasOwn(POINTS, name))
      ? undefined
      : `an array of points (${Object.keys(POINTS).join(', ')})`,
}

/** @throws SdError `SD_DEBUG_CONSOLE_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveDebugConsoleOptions(given: DebugConsoleOptions): ResolvedDebugConsoleOptions {
  return resolveOptions<DebugConsoleOptions, typeof debugConsoleDefaults>(
    'debugConsole',
    'SD_DEBUG_CONSOLE_OPTIONS',
    given,
    debugConsoleDefaults,
    checks,
  )
}
