import { childServer } from '../child-server.ts'
import { endAtOption } from '../failure.ts'
import { launcher } from '../launcher.ts'
import { SdError } from '../sd-error.ts'
import { type OwnOptions, reservedOptions } from './own-options.ts'
import {
  type ArgumentProblem,
  describeOwnOptions,
  type ReadArguments,
  readArguments,
} from './read-arguments.ts'

/** How a command line is checked. */
export interface ArgumentCheck {
  /** Names of options that belong to somebody else, to be suggested. @default [] */
  readonly others?: readonly string[]
  /** Whether what is required must be there. @default true */
  readonly complete?: boolean
}

/** What was read, and from what. */
interface Reading extends ReadArguments {
  readonly options: OwnOptions
  readonly words: readonly string[]
}

const HELP: ReadonlySet<string> = new Set(['-h', '-H', '--help'])

/** The command line of one daemon. */
export class DaemonArguments {
  readonly #options: () => OwnOptions
  readonly #defaultWords: () => readonly string[]
  #words: readonly string[] | undefined
  #read: Reading | undefined

  /**
   * @param options - asked each time: in class style they come after the base class.
   * @param words - what is read unless `take` was called.
   */
  constructor(options: () => OwnOptions, words: () => readonly string[]) {
    this.#options = options
    this.#defaultWords = words
  }

  /** Replaces the words that are read. */
  take(words: readonly string[]): void {
    this.#words = words
    this.#read = undefined
  }

  /** @throws SdError `SD_CORE_ARGUMENTS` when one is wrong, or missing, where the daemon is to run. */
  get values(): Readonly<Record<string, unknown>> {
    const { values, problems } = this.#current()
    // A child has been given what its daemon has been started with.
    if (problems.length > 0 && !childServer()) {
      const isComplete = !launcher()?.describesOnly && !this.asksForHelp
      const told = problems.filter(({ kind }) => kind === 'wrong' || (kind === 'missing' && isComplete))
      // What is wrong may be that another one was misspelt. By itself it may be for whoever reads the rest.
      if (told.length > 0) refuse([...problems.filter(isForeign), ...told])
    }
    return values
  }

  /** @throws SdError `SD_CORE_ARGUMENTS` with all that is wrong. */
  check({ others = [], complete = true }: ArgumentCheck = {}): void {
    const options = this.#options()
    // What takes no options may make of its command line what it likes.
    if (Object.keys(options).length === 0) return
    const { problems } = readArguments(options, this.#current().words, others)
    refuse(problems.filter(({ kind }) => complete || kind !== 'missing'))
  }

  /** Whether the command line asks for help, of a daemon that has options. */
  get asksForHelp(): boolean {
    const { words, options } = this.#current()
    const end = words.indexOf('--')
    return (
      Object.keys(options).length > 0 &&
      words.slice(0, end < 0 ? undefined : end).some((word) => HELP.has(word))
    )
  }

  /** What the help says of the options. */
  describe(): (readonly [flag: string, purpose: string])[] {
    return describeOwnOptions(this.#options())
  }

  #current(): Reading {
    const options = this.#options()
    if (this.#read?.options === options) return this.#read
    const words = this.#words ?? this.#defaultWords()
    this.#read = { ...readArguments(options, words), options, words }
    return this.#read
  }
}

/** Whether nobody knows the option. */
function isForeign({ kind, option }: ArgumentProblem): boolean {
  return kind === 'unknown' && option.length > 1 && !reservedOptions.has(option.replace(/^no-/, ''))
}

function refuse(problems: readonly ArgumentProblem[]): void {
  const [first] = problems
  if (!first) return
  const { option, value } = first
  const message = problems.map((problem) => problem.message).join(' ')
  const facts = {
    option,
    ...(value !== undefined && { value }),
    options: problems.map((each) => each.option),
  }
  const error = new SdError('SD_CORE_ARGUMENTS', message, facts)
  // It is for the person who starts the daemon: where it was read tells them nothing.
  error.stack = `${error.name}: ${error.message}`
  throw endAtOption(error)
}
