import { isAbsolute, resolve } from 'node:path'
import { SdError } from '@sd/core'
import { inheritableExecArgv } from '@sd/process'
import { type Account, findAccount } from './find-account.ts'
import { findCli } from './find-cli.ts'
import { findProject } from './find-project.ts'
import { quoteForShell } from './quoting/quote-for-shell.ts'
import type { ServiceProgram } from './service-program.ts'

/** The daemon that a service definition is made for. */
export interface ServedDaemon {
  readonly name: string
  /** Its file's absolute path. */
  readonly file: string
  /** Milliseconds. */
  readonly shutdownTimeout: number
  /** Whether the file understands the command line itself: `runFromCommandLine`. */
  readonly runsItself: boolean
  /** What the daemon finds in `process.argv`. */
  readonly args: readonly string[]
}

/** What a person may decide about a service. */
export interface ServiceChoices {
  readonly user?: string | undefined
  readonly cwd?: string | undefined
  /** Where what the daemon prints is written. */
  readonly log?: string | undefined
  readonly description?: string | undefined
}

/**
 * Finds out all that a service definition needs.
 *
 * @param template - its name.
 * @throws SdError `SD_CLI_USAGE` for a choice that makes no sense.
 */
export function describeService(
  template: string,
  daemon: ServedDaemon,
  choices: ServiceChoices,
): { program: ServiceProgram; account: Account } {
  const { name, file, runsItself } = daemon
  checkUserName(choices.user)
  const account = findAccount(choices.user)
  const project = findProject(file)
  const workingDirectory = choices.cwd === undefined ? project.directory : resolve(choices.cwd)
  const program: ServiceProgram = {
    ...daemon,
    description: choices.description ?? `${name} (Simple Daemon)`,
    node: process.execPath,
    nodeOptions: inheritableExecArgv(process.execArgv).map(absolutePath),
    cli: findCli(file),
    user: account.user,
    group: account.group,
    home: account.home,
    workingDirectory,
    log: choices.log === undefined ? undefined : resolve(choices.log),
    madeBy: runsItself
      ? `node ${quoteForShell(file)} -I ${template}`
      : `sd-cli init ${template} ${quoteForShell(file)}`,
    project,
  }
  return { program, account }
}

/** @throws SdError `SD_CLI_USAGE`. */
export function checkUserName(user: string | undefined): void {
  if (user === undefined || /^[\w.][\w.-]*\$?$/.test(user)) return
  throw new SdError('SD_CLI_USAGE', `"${user}" is no name of a user.`, { user })
}

/** A flag's file that is named from where this command is called: `--env-file=.env`, `--import=./hooks.mjs`. */
function absolutePath(flag: string): string {
  const [, name, path] = /^(--(?:env-file|env-file-if-exists|import|require)=)(.*)$/s.exec(flag) ?? []
  if (name === undefined || path === undefined || isAbsolute(path)) return flag
  return name.startsWith('--env-file') || path.startsWith('.') ? `${name}${resolve(path)}` : flag
}
