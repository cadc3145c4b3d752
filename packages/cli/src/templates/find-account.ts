import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { type UserInfo, userInfo } from 'node:os'
import { SdError } from '@sd/core'

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
  const self = readSelf()
  const user = given ?? ((self?.uid === 0 && env.SUDO_USER) || self?.username)
  if (user === undefined) {
    const message = `The user id ${process.getuid?.()} has no name on this system. Name the user that the service runs as: --user NAME`
    throw new SdError('SD_CLI_USAGE', message)
  }
  const isSelf = user === self?.username
  const home = isSelf ? self?.homedir : readHome(user)
  const uid = isSelf ? self?.uid : findUserId(user)
  return {
    user,
    group: ask('id', ['-gn', user]) ?? user,
    home: home !== undefined && home !== '/' && isOwn(home, uid) ? home : undefined,
    exists: uid !== undefined,
  }
}

/** This user; undefined where the system has no name for it, as for `docker run --user 12345`. */
export function readSelf(): UserInfo<string> | undefined {
  try {
    return userInfo()
  } catch {
    return undefined
  }
}

/** @returns undefined where there is no such user. */
export function findUserId(user: string): number | undefined {
  const uid = ask('id', ['-u', user])
  return uid === undefined ? undefined : Number(uid)
}

/** What the system knows of a user id. Without a name, its group is taken to have the same number. */
export function findHome(uid: number): { user?: string | undefined; gid: number; home?: string | undefined } {
  const user = ask('id', ['-un', String(uid)])
  const gid = Number(ask('id', ['-g', String(uid)]) ?? uid)
  return { user, gid, home: user === undefined ? undefined : readHome(user) }
}

function isOwn(directory: string, uid: number | undefined): boolean {
  const status = statSync(directory, { throwIfNoEntry: false })
  return status !== undefined && status.uid === uid && status.isDirectory()
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
