import { lstatSync, type Stats } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { holdDirectory, homeDirectory, OTHERS_MAY_WRITE } from './directory/index.ts'
import { SdError } from './sd-error.ts'

/**
 * Where a daemon keeps what belongs to its being up: locks, sockets, pid files. The first that applies of
 * `$SD_RUN_DIR`, `$RUNTIME_DIRECTORY` (systemd), `/run/sd` for root, `$XDG_RUNTIME_DIR/sd`, `~/.local/state/sd`.
 *
 * @param env - @default process.env
 * @param uid - the user's id. @default that of this process
 * @throws SdError `SD_CORE_RUN_DIRECTORY` when the variable that applies is no absolute path, or none applies and the user
 * has no home directory.
 */
export function runDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  if (env.SD_RUN_DIR) return absolute('SD_RUN_DIR', env.SD_RUN_DIR)
  // With several RuntimeDirectory= systemd separates them by colons.
  if (env.RUNTIME_DIRECTORY) return absolute('RUNTIME_DIRECTORY', env.RUNTIME_DIRECTORY.split(':')[0]!)
  if (uid === 0) return process.platform === 'linux' ? '/run/sd' : '/var/run/sd'
  if (env.XDG_RUNTIME_DIR) return join(absolute('XDG_RUNTIME_DIR', env.XDG_RUNTIME_DIR), 'sd')
  const home = homeDirectory(env)
  if (home !== undefined) return join(home, '.local', 'state', 'sd')
  const message = `There is no run directory: user id ${uid} has no home directory. Set SD_RUN_DIR to a directory of that user.`
  throw new SdError('SD_CORE_RUN_DIRECTORY', message)
}

/** The run directory; undefined for a user without a home directory, where no variable names one either. */
export function findRunDirectory(): string | undefined {
  const { SD_RUN_DIR, RUNTIME_DIRECTORY, XDG_RUNTIME_DIR } = process.env
  const isNamed = Boolean(SD_RUN_DIR || RUNTIME_DIRECTORY || XDG_RUNTIME_DIR)
  return isNamed || process.getuid?.() === 0 || homeDirectory() !== undefined ? runDirectory() : undefined
}

/**
 * Makes the run directory if need be, for its owner only, and makes sure that nobody else can write to it, or change what
 * its path leads to.
 *
 * @param directory - @default runDirectory()
 * @returns the directory.
 * @throws SdError `SD_CORE_RUN_DIRECTORY` when it cannot be made, or is not safe.
 */
export async function openRunDirectory(directory: string = runDirectory()): Promise<string> {
  const refuse = (problem: string, remedy: string, cause?: unknown): never => {
    const message = `The run directory ${directory} ${problem}. ${remedy}`
    throw new SdError('SD_CORE_RUN_DIRECTORY', message, { directory, cause })
  }
  let status: Stats
  try {
    // Synchronous: a start that waits for threads of the pool takes longer.
    const held = holdDirectory(directory, { make: true })
    held.close()
    status = lstatSync(directory)
  } catch (cause) {
    if (cause instanceof SdError) {
      const message = `${cause.message} SD_RUN_DIR names another run directory.`
      throw new SdError('SD_CORE_RUN_DIRECTORY', message, { directory, ancestor: cause.ancestor, cause })
    }
    const remedy = 'Make it, or set SD_RUN_DIR to another one.'
    return refuse(`cannot be used (${(cause as Error).message})`, remedy, cause)
  }
  if (!status.isDirectory()) refuse('is no directory', 'Remove it, or set SD_RUN_DIR to another one.')
  const uid = process.getuid?.()
  if (uid !== undefined && status.uid !== uid) {
    const remedy = `Give it to user id ${uid} (chown), or set SD_RUN_DIR to another one.`
    refuse(`belongs to user id ${status.uid}`, remedy)
  }
  if (status.mode & OTHERS_MAY_WRITE) {
    refuse('can be written to by other users', `Take that right away: chmod go-w ${directory}`)
  }
  return directory
}

function absolute(variable: string, path: string): string {
  if (isAbsolute(path)) return path
  const message = `$${variable} must be an absolute path, not ${JSON.stringify(path)}.`
  throw new SdError('SD_CORE_RUN_DIRECTORY', message, { directory: path })
}
