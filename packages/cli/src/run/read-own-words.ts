import { parseArgs } from 'node:util'
import { SdError } from '@sd/core'
import { divideWords } from '../launch/daemon-words.ts'
import { type GivenSwitches, launchOptions } from '../launch/switches.ts'
import { startOptions } from '../start/start-options.ts'
import { programOptions } from './program-options.ts'

/** What a daemon's own file was called with. */
export interface OwnWords extends GivenSwitches {
  readonly H?: boolean | undefined
  readonly d?: boolean | undefined
  readonly i?: boolean | undefined
  readonly I?: string | undefined
  readonly install?: boolean | undefined
  readonly json?: boolean | undefined
  readonly cwd?: string | undefined
  readonly umask?: string | undefined
  /** Seconds. */
  readonly timeout?: number | undefined
  /** Positional words that are ours. */
  readonly positionals: readonly string[]
  /** The daemon's own, as `divideWords` gives them. */
  readonly words: readonly string[]
}

interface OwnOption {
  readonly type: 'boolean' | 'string' | 'number'
  readonly alias?: string
  readonly describe: string
  readonly hidden?: boolean
}

/** All switches, by their names. */
export const ownOptions: Readonly<Record<string, OwnOption>> = {
  H: { type: 'boolean', alias: 'help', describe: 'Show this help' },
  ...programOptions,
  ...launchOptions,
  ...startOptions,
  json: { type: 'boolean', describe: 'Print JSON' },
}

/**
 * Reads the command line of a daemon's own file. Node does it: the file need not load what reads ours.
 *
 * @param positionals - how many positional words are ours. @default 0
 * @throws SdError `SD_CLI_USAGE`.
 */
export function readOwnWords(given: readonly string[], positionals = 0): OwnWords {
  const divided = divideWords(given.map(spellOut), ownOptions, positionals)
  const options = Object.fromEntries(
    Object.entries(ownOptions).map(([name, { type, alias }]) => {
      const letters = [name, alias].filter((each) => each?.length === 1)
      const long = [name, alias].find((each) => each !== undefined && each.length > 1) ?? name
      return [
        long,
        { type: type === 'boolean' ? type : 'string', ...(letters[0] && { short: letters[0] }) } as const,
      ]
    }),
  )
  try {
    const { values, positionals: found } = parseArgs({
      args: [...divided.own],
      options,
      allowPositionals: true,
      allowNegative: true,
    })
    const { detach, help, timeout, ...switches } = values as Record<string, string | boolean | undefined>
    return {
      ...(switches as GivenSwitches),
      H: help as boolean | undefined,
      d: detach as boolean | undefined,
      ...(timeout !== undefined && { timeout: Number(timeout) }),
      positionals: found,
      words: divided.daemon,
    }
  } catch (error) {
    throw new SdError('SD_CLI_USAGE', `${(error as Error).message} See: -H`)
  }
}

/** The option for help has one letter of its own and one that everybody knows. */
function spellOut(word: string, index: number, words: readonly string[]): string {
  const isOurs = !words.slice(0, index).includes('--')
  return word === '-h' && isOurs ? '-H' : word
}
