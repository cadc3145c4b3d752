import { isAbsolute, join } from 'node:path'
import { homeDirectory } from '@sd/core/directory'

/**
 * Where a user's programs keep what outlives them: `$XDG_STATE_HOME/sd`, or `~/.local/state/sd`.
 *
 * @returns undefined for a user without a home directory.
 */
export function stateDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  // The specification has relative paths ignored.
  const given = env.XDG_STATE_HOME
  if (given && isAbsolute(given)) return join(given, 'sd')
  const home = homeDirectory(env)
  return home === undefined ? undefined : join(home, '.local', 'state', 'sd')
}
