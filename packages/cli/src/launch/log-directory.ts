import type { Stats } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { runDirectory, SdError } from '@sd/core'
import { holdDirectory, homeDirectory, OTHERS_MAY_WRITE } from '@sd/core/directory'

/** Debian and Ubuntu let the group `syslog` write there, who is trusted with all logs of the machine. */
const SYSTEM_LOGS = ['/var/log']

/**
 * Where the logs of detached daemons go that name no file themselves. The first that applies of `$SD_LOG_DIR`,
 * `$LOGS_DIRECTORY` (systemd), `/var/log/sd` for root, `$XDG_STATE_HOME/sd/log`, `~/.local/state/sd/log`; in the run directory for a user without a home.
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
  if (state && isAbsolute(state)) return join(state, 'sd', 'log')
  const home = homeDirectory(env)
  if (home !== undefined) return join(home, '.local', 'state', 'sd', 'log')
  return join(runDirectory(env, uid), 'log')
}

/**
 * Makes the directory if need be, for its owner only, and makes sure that no other user can change what its path leads to.
 *
 * @returns the directory.
 * @throws SdError `SD_CLI_LOG_DIRECTORY` when it cannot be made, or is not safe.
 */
export function openLogDirectory(directory: string = logDirectory()): string {
  const refuse = (problem: string, cause?: unknown): never => {
    const message = `The log directory ${directory} ${problem}. Set SD_LOG_DIR to another one, or give --log FILE.`
    throw new SdError('SD_CLI_LOG_DIRECTORY', message, { directory, cause })
  }
  let status: Stats
  try {
    const held = holdDirectory(directory, { make: true, trusted: SYSTEM_LOGS })
    status = held.status
    held.close()
  } catch (cause) {
    return refuse(`cannot be used (${(cause as Error).message.replace(/\.$/, '')})`, cause)
  }
  const { uid, mode } = status
  if (process.getuid && uid !== process.getuid()) return refuse(`belongs to user id ${uid}`)
  if (mode & OTHERS_MAY_WRITE) return refuse('can be written to by other users')
  return directory
}
