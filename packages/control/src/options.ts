import { type Checks, must, resolveOptions } from '@sd/core'

/** The settings of the control socket. */
export interface ControlOptions {
  /** The socket's file. @default the daemon's name and `.sock` in the run directory */
  path?: string
  /** How many log records are kept to be shown. @default 200 */
  logRecords?: number
  /** How many clients there may be at a time. @default 32 */
  maxClients?: number
  /** Bytes of one line that a client may send. @default 65536 */
  maxInput?: number
  /** Bytes that wait for a client at most before it gets no more notifications. @default 1048576 */
  maxOutput?: number
}

/** What holds where the user says nothing. */
const controlDefaults = Object.freeze({
  logRecords: 200,
  maxClients: 32,
  maxInput: 64 * 1024,
  maxOutput: 1024 * 1024,
})

const checks: Checks<ControlOptions> = {
  path: must.beText,
  logRecords: must.beInteger(0, 100_000),
  maxClients: must.beInteger(1, 10_000),
  maxInput: must.beInteger(256),
  maxOutput: must.beInteger(1024),
}

/** @throws SdError `SD_CONTROL_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveControlOptions(
  given: ControlOptions,
): ControlOptions & Required<Omit<ControlOptions, 'path'>> {
  return resolveOptions<ControlOptions, Required<Omit<ControlOptions, 'path'>>>(
    'control',
    'SD_CONTROL_OPTIONS',
    given,
    controlDefaults,
    checks,
  )
}
