import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { nextLifeNodeFlags } from '../inspector-flags.ts'
import { launcher } from '../launcher.ts'
import { logicalDirectory, logicalPath } from '../logical-path.ts'
import { SdError } from '../sd-error.ts'
import { firstEnvironment } from './first-environment.ts'

/** How the next life of this process is run. */
export interface Successor {
  /** Node. */
  readonly file: string
  /** Node's own flags. */
  readonly flags: readonly string[]
  /** The program, and its arguments. */
  readonly command: readonly string[]
  /** The environment that this process was started with. */
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
}

/** Where a process was started: the names that it was given, which may go through links that are moved later. */
export interface StartPlace {
  /** The working directory; undefined where there was none any more. */
  readonly directory: string | undefined
  /** Which directory that was. */
  readonly entry: string | undefined
  /** The program, and its arguments. */
  readonly command: readonly string[]
}

/** Remembers where this process was started. For the time before the program goes to another directory. */
export function readStartPlace(): StartPlace {
  const [program, ...rest] = process.argv.slice(1)
  // What the program finds in `process.argv` is its own part of the command only.
  const own = program === undefined ? [] : [logicalPath(program), ...rest]
  return { directory: logicalDirectory(), entry: identifyDirectory(), command: launcher()?.command ?? own }
}

/**
 * The next life of this process. A working directory that was named through a link is the one that the link leads to now.
 *
 * @param log - told what is not as it was.
 * @throws SdError `SD_CORE_RESTART` when it is clear beforehand that nothing would come after.
 */
export function findSuccessor(place: StartPlace, log: (message: string) => void): Successor {
  const { execPath } = process
  try {
    accessSync(execPath, constants.X_OK)
  } catch (cause) {
    const message = `Cannot restart: there is no ${execPath} to run the daemon with any more. Install Node there again.`
    throw new SdError('SD_CORE_RESTART', message, { cause })
  }
  return {
    file: execPath,
    flags: nextLifeNodeFlags(process.execArgv, process.env.NODE_OPTIONS),
    command: place.command,
    environment: firstEnvironment(),
    directory: findDirectory(place, log),
  }
}

function findDirectory({ directory, entry }: StartPlace, log: (message: string) => void): string {
  const present = presentDirectory()
  // The program has gone elsewhere on its own, and the next life finds itself there.
  const hasMoved = entry !== identifyDirectory()
  if (directory !== undefined && !hasMoved) {
    const found = realPath(directory)
    if (found !== undefined && found !== present) log(`Restarts in ${found}, where ${directory} leads now.`)
    if (found !== undefined) return directory
    if (present !== undefined) log(`Restarts in ${present}: there is no ${directory} any more.`)
  }
  if (present !== undefined) return present
  const message = `Cannot restart: the working directory ${directory ?? ''} was removed. Make it again, or start the daemon from one that stays.`
  throw new SdError('SD_CORE_RESTART', message, { directory })
}

/** @returns undefined where it was removed. */
function presentDirectory(): string | undefined {
  // Not process.cwd(), which remembers.
  return realPath('.')
}

function realPath(path: string): string | undefined {
  try {
    // Not stat(2), which a removed directory still answers.
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

/** Names the present directory by what it is: also one that was removed. */
function identifyDirectory(): string | undefined {
  try {
    const { dev, ino } = statSync('.', { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
