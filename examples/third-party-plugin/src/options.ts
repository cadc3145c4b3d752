import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Checks, must, resolveOptions } from '@sd/core'

/** Options of `heartbeat()`. */
export interface HeartbeatOptions {
  /** The file: a path, relative to the working directory, or a `file:` URL. Its directory must exist. */
  file: string | URL
  /**
   * Milliseconds between two heartbeats: they come as long as the daemon's process does anything at all.
   * `'iteration'`: when an iteration has ended, but at most twice a second. This also shows an `execute` that
   * waits for ever.
   * @default 5000
   */
  every?: number | 'iteration'
}

/** What holds where the user says nothing. */
export const heartbeatDefaults = Object.freeze({ every: 5000 })

/** More often nobody looks. Milliseconds. */
const SHORTEST = 100

const checks: Checks<HeartbeatOptions> = {
  file: must.beGiven((value) => {
    const isPath = typeof value === 'string' && value !== ''
    const isUrl = value instanceof URL && value.protocol === 'file:'
    return isPath || isUrl ? undefined : 'the path or file: URL of the heartbeat file'
  }),
  every: (value) => {
    if (value === 'iteration') return undefined
    const wanted = must.beNumber(SHORTEST, Number.POSITIVE_INFINITY, 'milliseconds')(value)
    return wanted && `${wanted}, or "iteration"`
  },
}

/** Options with the defaults filled in. */
export interface ResolvedHeartbeatOptions {
  /** An absolute path. */
  readonly file: string
  readonly every: number | 'iteration'
}

/** @throws SdError `SD_HEARTBEAT_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveHeartbeatOptions(given: HeartbeatOptions): ResolvedHeartbeatOptions {
  const { file, every } = resolveOptions(
    'heartbeat',
    'SD_HEARTBEAT_OPTIONS',
    given,
    heartbeatDefaults,
    checks,
  )
  return { file: typeof file === 'string' ? resolve(file) : fileURLToPath(file), every }
}
