import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'

/** A user of the system, as far as a service needs to know. */
export interface Account {
  readonly user: string
  readonly group: string
  /** Where it is there. */
  readonly home: string | undefined
  /** Whether the system knows the user. */
  readonly exists: boolean
}

/**
 * The user that a service runs as.
 *
 * @param given - a name. @default who has called sudo, else the user of this process
 */
export function findAccount(given: string | undefined, env: NodeJS.ProcessEnv = process.env): Account {
  const self = userInfo()
  const user = given ?? ((self.uid === 0 && env.SUDO_USER) || self.username)
  const home = user === self.username ? self.homedir : readHome(user)
  const group = ask('id', ['-gn', '--', user]) ?? ask('id', ['-gn', user])
  return {
    user,
    group: group ?? user,
    home: home !== undefined && home !== '/' && existsSync(home) ? home : undefined,
    exists: group !== undefined,
  }
}

function readHome(user: string): string | undefined {
  if (process.platform === 'darwin') {
    return ask('dscl', ['.', '-read', `/Users/${user}`, 'NFSHomeDirectory'])?.replace(/^\S+\s+/, '')
  }
  // passwd(5): the sixth field.
  return ask('getent', ['passwd', user])?.split(':')[5]
}

function ask(command: string, args: readonly string[]): string | undefined {
  try {
    return (
      execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      undefined
    )
  } catch {
    return undefined
  }
}
