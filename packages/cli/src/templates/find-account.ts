import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { userInfo } from 'node:os'

/** A user of the system, as far as a service needs to know. */
export interface Account {
  readonly user: string
  readonly group: string
  /** Where it is the user's own: those of system users are often somebody else's, or not there. */
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
  const isSelf = user === self.username
  const home = isSelf ? self.homedir : readHome(user)
  const uid = isSelf ? self.uid : Number(ask('id', ['-u', user]) ?? Number.NaN)
  return {
    user,
    group: ask('id', ['-gn', user]) ?? user,
    home: home !== undefined && home !== '/' && isOwn(home, uid) ? home : undefined,
    exists: isSelf || !Number.isNaN(uid),
  }
}

function isOwn(directory: string, uid: number): boolean {
  const status = statSync(directory, { throwIfNoEntry: false })
  return status?.uid === uid && status.isDirectory()
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
