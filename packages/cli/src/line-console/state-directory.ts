import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Where a user's programs keep what outlives them: `$XDG_STATE_HOME/sd`, or `~/.local/state/sd`. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  // The specification has relative paths ignored.
  const given = env.XDG_STATE_HOME
  const base = given && isAbsolute(given) ? given : join(env.HOME || homedir(), '.local', 'state')
  return join(base, 'sd')
}
