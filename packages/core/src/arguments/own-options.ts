import { nearestName } from '../nearest-name.ts'
import { type Check, describe } from '../resolve-options.ts'

/** What every option of a daemon's command line may say of itself. */
interface OptionFacts {
  /** What it is for, in one clause, for the help. */
  readonly describe?: string
  /** Whether the daemon does not start without it. @default false */
  readonly required?: boolean
}

/** An option that takes values of one type. */
type ValueOption<Type extends string, Value> = OptionFacts & {
  readonly type: Type
  /** The values that it may have. @default all of its type */
  readonly choices?: readonly Value[]
} & (
    | {
        readonly array?: false
        /** The value where it is not given. @default undefined */
        readonly default?: Value
      }
    | {
        /** Whether it may be given several times: its value is an array then. @default false */
        readonly array: true
        /** The values where it is not given. @default [] */
        readonly default?: readonly Value[]
      }
  )

/** An option that is on or off: `--name`, `--no-name`. */
type FlagOption = OptionFacts & {
  readonly type: 'boolean'
  /** @default false */
  readonly default?: boolean
  readonly choices?: undefined
  readonly array?: false
}

/** One option of a daemon's own command line. */
export type OwnOption = ValueOption<'string', string> | ValueOption<'number', number> | FlagOption

/** The options of a daemon's own command line, by name. `dryRun` is given as `--dry-run`. */
export type OwnOptions = Readonly<Record<string, OwnOption>>

interface Kinds {
  readonly string: string
  readonly number: number
  readonly boolean: boolean
}

type One<Option extends OwnOption> = Option extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Kinds[Option['type']]

type Always =
  | { readonly default: string | number | boolean }
  | { readonly required: true }
  | { readonly type: 'boolean' }

/** The type of an option's value, as it follows from its declaration. */
export type ArgumentOf<Option extends OwnOption> = Option extends { readonly array: true }
  ? readonly One<Option>[]
  : Option extends Always
    ? One<Option>
    : One<Option> | undefined

/** The values of all options, by name. */
export type ArgumentsOf<Options extends OwnOptions> = {
  readonly [Name in keyof Options]: ArgumentOf<Options[Name]>
}

/** Names that the command line itself has: `sd-cli run`, `sd-cli start`, and `runFromCommandLine`. */
export const reservedOptions: ReadonlySet<string> = new Set(
  'help detach install pid-file log verbose recoverworkers debugworkers control detached cwd umask timeout json'.split(
    ' ',
  ),
)

const FIELDS = ['type', 'describe', 'default', 'choices', 'required', 'array']
const TYPES = ['string', 'number', 'boolean']

/** An option's name as it is written on a command line, without the dashes. */
export function wordOf(name: string): string {
  return name.replace(/([a-z\d])([A-Z])/g, '$1-$2').toLowerCase()
}

/** Checks the declaration of a daemon's own options. */
export const beOwnOptions: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'an object of options: { port: { type: "number" } }'
  const words = new Map<string, string>()
  for (const [name, option] of Object.entries(value)) {
    const problem = checkName(name, words) ?? checkOption(name, option)
    if (problem !== undefined) return problem
    words.set(wordOf(name), name)
  }
  return undefined
}

function checkName(name: string, words: ReadonlyMap<string, string>): string | undefined {
  const word = wordOf(name)
  if (!/^[a-z][a-z\d_-]*[a-z\d]$/.test(word))
    return `an object whose names have two letters, digits or "-" at least (${JSON.stringify(name)} is no such name)`
  if (reservedOptions.has(word))
    return `without "${name}", because --${word} belongs to the command line itself. Choose another name; it is`
  if (words.has(word))
    return `without both "${words.get(word)}" and "${name}", because both are --${word}; it is`
  return undefined
}

function checkOption(name: string, option: unknown): string | undefined {
  if (typeof option !== 'object' || option === null)
    return `an object of objects ("${name}" is ${describe(option)})`
  const given = option as Record<string, unknown>
  const say = (what: string): string => `right in "${name}": ${what}; it is`
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, FIELDS)
    return say(
      `"${unknown}" is no field of an option (${nearest ? `did you mean "${nearest}"?` : FIELDS.join(', ')})`,
    )
  }
  const { type, default: fallback, choices, array, required } = given
  if (!TYPES.includes(type as string))
    return say(`its type is "string", "number" or "boolean", not ${describe(type)}`)
  if (array && type === 'boolean') return say('a boolean is no array')
  if (required && fallback !== undefined) return say('one that is required has no default')
  const isOne = (each: unknown): boolean =>
    typeof each === type && (choices === undefined || (choices as readonly unknown[]).includes(each))
  if (
    choices !== undefined &&
    !(Array.isArray(choices) && choices.length > 0 && choices.every((each) => typeof each === type))
  )
    return say(`its choices are an array of type ${type}`)
  if (fallback === undefined) return undefined
  const fits = array ? Array.isArray(fallback) && fallback.every(isOne) : isOne(fallback)
  return fits ? undefined : say(`its default ${describe(fallback)} is not what its type and choices allow`)
}
