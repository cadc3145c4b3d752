import { type Check, type Checks, must, resolveOptions } from '@sd/core'

/** The options that every lock plugin has. */
export interface LockOptions<Name extends string = string> {
  /** What must be single: daemons with the same name exclude each other. @default the daemon's name */
  name?: string
  /**
   * Milliseconds that the lock stays the daemon's own without being renewed. Longer than whatever keeps the
   * daemon's loop busy in one go. @default the daemon's interval (none: 0) and 2 s
   */
  ttl?: number
  /**
   * Milliseconds to wait for the lock while another instance has it; `Infinity`: stand by for as long as it takes.
   * @default 0
   */
  wait?: number
  /** The property of the daemon that the service becomes. @default the plugin's name */
  as?: Name
}

const DAY = 86_400_000

/** Every backend has room for so much. Characters. */
const LONGEST_NAME = 100

const defaults: { readonly wait: number } = Object.freeze({ wait: 0 })

const checks: Checks<LockOptions> = {
  name: (value) =>
    typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME && value.isWellFormed()
      ? undefined
      : `a name of 1 to ${LONGEST_NAME} characters`,
  ttl: must.beNumber(100, DAY, 'milliseconds'),
  wait: (value) => {
    if (value === Number.POSITIVE_INFINITY) return undefined
    const wanted = must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds')(value)
    return wanted && `${wanted}, or Infinity`
  },
  as: must.beText,
}

/** The time on top of the interval that a default ttl has. Milliseconds. */
const PADDING = 2000

/**
 * Checks the options of a lock plugin: those of every lock, and its own.
 *
 * @param plugin - the plugin's name.
 * @param own - what its own options must be.
 * @throws SdError `SD_LOCK_OPTIONS` naming the option, its value, and what to write instead.
 */
export function resolveLockOptions<Options extends LockOptions>(
  plugin: string,
  given: Options,
  own: { readonly [K in Exclude<keyof Options, keyof LockOptions>]-?: Check },
): Options & { readonly wait: number } {
  const all = { ...checks, ...own } as unknown as Checks<Options>
  return resolveOptions<Options, Partial<Options>>(
    plugin,
    'SD_LOCK_OPTIONS',
    given,
    defaults as Partial<Options>,
    all,
  ) as Options & {
    readonly wait: number
  }
}

/** @param interval - the daemon's. */
export function defaultTtl(interval: number | null): number {
  return (interval ?? 0) + PADDING
}
