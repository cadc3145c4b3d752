import { daemonDefaults, isDaemonName, SdError } from '@sd/core'
import { argumentsOf, joinWords } from '../launch/daemon-words.ts'
import { describeProgram } from '../launch/describe-program.ts'
import { resolveProgram } from '../launch/resolve-program.ts'
import type { Output } from '../output/output.ts'
import { checkUserName } from './describe-service.ts'
import { type InitChoices, initService } from './init-service.ts'
import { listTemplates } from './list-templates.ts'
import { findTemplate } from './template-list.ts'

/** What `init` is called with. */
interface InitArguments extends InitChoices {
  readonly template?: string | undefined
  readonly file?: string | undefined
  /** The daemon's: its file is not run then. */
  readonly name?: string | undefined
  readonly args: readonly string[]
  readonly rest: readonly string[]
  readonly 'dry-run': boolean
}

/** Lists the templates, or makes a service definition of one. */
export async function runInit(given: InitArguments, out: Output): Promise<void> {
  const { template, file } = given
  if (template === undefined) return listTemplates(out)
  const { name } = findTemplate(template)
  if (file === undefined) {
    const message = `For which daemon? Name its file: sd-cli init ${name} FILE`
    throw new SdError('SD_CLI_USAGE', message)
  }
  checkUserName(given.user)
  const words = joinWords(given)
  const { file: path, description } =
    given.name === undefined
      ? await describeProgram(file, words, out, given.user)
      : { file: resolveProgram(file), description: describeByName(given.name) }
  const { name: daemon, shutdownTimeout } = description
  const served = { name: daemon, shutdownTimeout, file: path, runsItself: false, args: argumentsOf(words) }
  initService(name, served, { ...given, dryRun: given['dry-run'] }, out)
}

/** A file that cannot be asked here: its user exists elsewhere, for instance. */
function describeByName(name: string): { readonly name: string; readonly shutdownTimeout: number } {
  if (isDaemonName(name)) return { name, shutdownTimeout: daemonDefaults.shutdownTimeout }
  throw new SdError('SD_CLI_USAGE', `${JSON.stringify(name)} is no name of a daemon.`)
}
