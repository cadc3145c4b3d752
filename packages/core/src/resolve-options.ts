import { endAtOption } from './failure.ts'
import { suggestName } from './nearest-name.ts'
import { SdError } from './sd-error.ts'

/** Says what an option must be when `value` is not it; undefined when it is fine. */
export type Check = (value: unknown) => string | undefined

/** Marks a check whose option cannot be left out. */
const GIVEN: unique symbol = Symbol('given')

/** One check per option. */
export type Checks<Options> = { readonly [K in keyof Required<Options>]: Check }

/**
 * Lays what the user gave over the defaults and checks each field.
 * An option given as `undefined` counts as not given.
 *
 * @param owner - whose options these are, for the message: `createDaemon`, `workers.primes`.
 * @param code - the error's code, `SD_<PACKAGE>_OPTIONS`.
 * @param given - what the user wrote.
 * @param defaults - the one default map.
 * @param checks - the known options, and what each must be.
 * @throws SdError with `code` and the fact `option`, naming the option, its value, and what to write instead.
 */
export function resolveOptions<Options extends object, Defaults extends Partial<Options>>(
  owner: string,
  code: string,
  given: Options,
  defaults: Defaults,
  checks: Checks<Options>,
): Options & { [K in keyof Defaults]-?: K extends keyof Options ? Exclude<Options[K], undefined> : never } {
  if (typeof given !== 'object' || given === null) {
    throw endAtOption(
      new SdError(code, `${owner}: options must be an object, not ${describe(given)}.`, {
        option: undefined,
      }),
    )
  }
  const known = Object.keys(checks)
  const resolved: Record<string, unknown> = { ...defaults }
  for (const [option, value] of Object.entries(given)) {
    if (!known.includes(option)) {
      throw endAtOption(
        new SdError(code, `${owner}: unknown option "${option}".${suggestName(option, known)}`, {
          option,
        }),
      )
    }
    if (value !== undefined) resolved[option] = value
  }
  for (const [option, check] of Object.entries(checks) as [string, Check][]) {
    if (!(option in resolved) && !(GIVEN in check)) continue
    const wanted = check(resolved[option])
    if (wanted !== undefined) {
      const message = `${owner}: option "${option}" must be ${wanted}, not ${describe(resolved[option])}.`
      throw endAtOption(new SdError(code, message, { option, value: resolved[option] }))
    }
  }
  return resolved as ReturnType<typeof resolveOptions<Options, Defaults>>
}

/** A value as an error message shows it. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return `a function`
  if (Array.isArray(value)) return `an array`
  if (typeof value === 'object' && value !== null) return `an object`
  return String(value)
}

/** Checks to build on; each is named after what it asks for. */
export const must = {
  /** Any value. */
  beAnything: (() => undefined) satisfies Check,
  /** `true` or `false`. */
  beBoolean: ((value) => (typeof value === 'boolean' ? undefined : 'true or false')) satisfies Check,
  /** A function. */
  beFunction: ((value) => (typeof value === 'function' ? undefined : 'a function')) satisfies Check,
  /** A string with at least one character. */
  beText: ((value) =>
    typeof value === 'string' && value !== '' ? undefined : 'a non-empty string') satisfies Check,
  /** An array of strings. */
  beTexts: ((value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? undefined
      : 'an array of strings') satisfies Check,
  /** A finite number within the bounds, both included. */
  beNumber:
    (least: number, most: number = Number.POSITIVE_INFINITY, unit = ''): Check =>
    (value) =>
      typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most
        ? undefined
        : `a number${unit && ` of ${unit}`}${range(least, most)}`,
  /** A whole number within the bounds, both included. */
  beInteger:
    (least: number, most: number = Number.POSITIVE_INFINITY): Check =>
    (value) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
        ? undefined
        : `a whole number${range(least, most)}`,
  /** One of the given words. */
  beOneOf:
    (...words: readonly string[]): Check =>
    (value) =>
      words.includes(value as string) ? undefined : `one of ${words.map((word) => `"${word}"`).join(', ')}`,
  /** What the other check asks for; the option has no default and cannot be left out. */
  beGiven: (check: Check): Check => Object.assign((value: unknown) => check(value), { [GIVEN]: true }),
  /** What the other check asks for, or null. */
  beNullOr:
    (check: Check): Check =>
    (value) => {
      const wanted = value === null ? undefined : check(value)
      return wanted && `${wanted}, or null`
    },
} as const

function range(least: number, most: number): string {
  if (least === Number.NEGATIVE_INFINITY) return ''
  return most === Number.POSITIVE_INFINITY ? `, at least ${least}` : ` from ${least} to ${most}`
}
