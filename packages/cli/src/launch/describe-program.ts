import { realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isDaemonName, SdError } from '@sd/core'
import { holdDirectory } from '@sd/core/directory'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import type { HelpRows } from '../run/own-help.ts'
import { askDaemon } from './ask-daemon.ts'
import { resolveProgram } from './resolve-program.ts'

/** What a daemon tells of itself without being started. */
export interface ProgramDescription {
  readonly name: string
  /** Milliseconds. */
  readonly shutdownTimeout: number
  /** What a person must do to install it. */
  readonly instructions: readonly string[]
  /** The options of its own command line: what is written, and what it is for. */
  readonly options: HelpRows
}

/**
 * Loads a daemon's file to learn something about it. Root does not run the file of another user, nor one on another user's
 * behalf: that user does.
 *
 * @param given - the file, as it was named.
 * @param words - for the daemon, as `divideWords` gives them.
 * @param user - on whose behalf. @default the user who has called sudo
 * @throws SdError as `askDaemon`; `SD_CLI_AS_USER` when the file cannot be asked as that user.
 */
export async function describeProgram(
  given: string,
  words: readonly string[],
  out: Output,
  user: string | undefined,
): Promise<{ readonly file: string; readonly description: ProgramDescription }> {
  const file = resolveProgram(given)
  if (process.getuid?.() === 0) {
    const owner = await findOwner(file, user ?? process.env.SUDO_USER)
    if (owner !== 0) {
      const description = await withProgress(out, `Asking ${basename(file)}`, () =>
        askAsUser(file, words, owner, out),
      )
      return { file, description }
    }
  }
  const description = await askDaemon(file, words, out, async ({ daemon }) => ({
    name: daemon.name,
    shutdownTimeout: daemon.shutdownTimeout,
    instructions: await daemon.listInstallInstructions(),
    options: daemon.describeArguments(),
  }))
  return { file, description }
}

/** @returns the user id of the user on whose behalf a file is run, or who can change it; 0: only root. */
async function findOwner(file: string, user: string | undefined): Promise<number> {
  if (user !== undefined) {
    const { findUserId } = await import('../templates/find-account.ts')
    const uid = findUserId(user)
    if (uid === undefined) {
      const message = `${file} cannot be asked for its name as ${user}: there is no such user. Make it (useradd --system ${user}), or give the daemon's name with --name.`
      throw new SdError('SD_CLI_AS_USER', message, { file, user })
    }
    if (uid !== 0) return uid
  }
  const real = realpathSync(file)
  // Two walks: one as it was named, one to where it really is.
  for (const path of [file, real]) {
    const held = holdDirectory(dirname(path), { ofOtherUser: true })
    held.close()
    if (held.user !== 0) return held.user
  }
  return statSync(real).uid
}

async function askAsUser(
  file: string,
  words: readonly string[],
  uid: number,
  out: Output,
): Promise<ProgramDescription> {
  const { runAsUser } = await import('./run-as-user.ts')
  const { ok, stdout, stderr } = await runAsUser(uid, ['install', file, '--json', ...words])
  const answer = parse(stdout)
  const { name, shutdownTimeout, instructions, options, error } = answer
  const isTold =
    ok &&
    isDaemonName(name) &&
    typeof shutdownTimeout === 'number' &&
    shutdownTimeout >= 0 &&
    Array.isArray(instructions) &&
    instructions.every((each) => typeof each === 'string') &&
    isHelp(options)
  if (isTold) {
    if (stderr !== '') out.say(stderr.trimEnd())
    return { name, shutdownTimeout, instructions, options }
  }
  const why = (error as { message?: unknown } | undefined)?.message ?? (stderr.trim() || 'it does not answer')
  const message = `${file} cannot be asked as user id ${uid}, who has it or will run it: ${String(why).replace(/\.$/, '')}. Let that user read it and sd-cli, or give the daemon's name to init with --name.`
  throw new SdError('SD_CLI_AS_USER', message, { file, uid })
}

function isHelp(value: unknown): value is HelpRows {
  const isText = (each: unknown): boolean => typeof each === 'string'
  return (
    Array.isArray(value) && value.every((row) => Array.isArray(row) && row.length === 2 && row.every(isText))
  )
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
