import { parseArgs } from 'node:util'
import { nearestName, SdError } from '@sd/core'
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
  /** The daemon's own. */
  readonly args: readonly string[]
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
 * @throws SdError `SD_CLI_USAGE`.
 */
export function readOwnWords(words: readonly string[]): OwnWords {
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
    const { values, positionals } = parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      allowNegative: true,
    })
    const { detach, help, timeout, ...given } = values as Record<string, string | boolean | undefined>
    return {
      ...(given as GivenSwitches),
      H: help as boolean | undefined,
      d: detach as boolean | undefined,
      ...(timeout !== undefined && { timeout: Number(timeout) }),
      args: positionals,
    }
  } catch (error) {
    throw explain(error as Error, Object.keys(options))
  }
}

function explain(error: Error, known: readonly string[]): SdError {
  const unknown = /^Unknown option '-*([^']+)'/.exec(error.message)?.[1]
  if (unknown === undefined) return new SdError('SD_CLI_USAGE', `${error.message} See: -H`)
  const nearest = nearestName(
    unknown,
    known.filter(({ length }) => length > 1),
  )
  const meant =
    nearest === undefined ? 'What is for the daemon comes after "--".' : `Did you mean "--${nearest}"?`
  return new SdError('SD_CLI_USAGE', `There is no option "${unknown}". ${meant} See: -H`)
}
