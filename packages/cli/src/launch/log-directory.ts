import { lstatSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { SdError } from '@sd/core'

/** Others may not write. */
const WRITABLE_BY_OTHERS = 0o022

/**
 * Where the logs of detached daemons go that name no file themselves. The first that applies of `$SD_LOG_DIR`,
 * `$LOGS_DIRECTORY` (systemd), `/var/log/sd` for root, `$XDG_STATE_HOME/sd/log`, `~/.local/state/sd/log`.
 */
export function logDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  if (env.SD_LOG_DIR) return resolve(env.SD_LOG_DIR)
  if (env.LOGS_DIRECTORY) return resolve(env.LOGS_DIRECTORY.split(':')[0]!)
  if (uid === 0) return '/var/log/sd'
  const state = env.XDG_STATE_HOME
  // The XDG Base Directory Specification has relative paths ignored.
  const home = state && isAbsolute(state) ? state : join(env.HOME || homedir(), '.local', 'state')
  return join(home, 'sd', 'log')
}

/**
 * Makes the directory if need be, for its owner only.
 *
 * @returns the directory.
 * @throws SdError `SD_CLI_LOG_DIRECTORY` when it cannot be made, or others can write to it.
 */
export function openLogDirectory(directory: string = logDirectory()): string {
  const refuse = (problem: string, cause?: unknown): never => {
    const message = `The log directory ${directory} ${problem}. Set SD_LOG_DIR to another one, or give --log FILE.`
    throw new SdError('SD_CLI_LOG_DIRECTORY', message, { directory, cause })
  }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    return refuse(`cannot be made (${(cause as Error).message})`, cause)
  }
  const { uid, mode } = lstatSync(directory)
  if (process.getuid && uid !== process.getuid()) return refuse(`belongs to user id ${uid}`)
  if (mode & WRITABLE_BY_OTHERS) return refuse('can be written to by other users')
  return directory
}
