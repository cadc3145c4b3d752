import { SdError } from '@sd/core'
import { askDaemon } from '../launch/ask-daemon.ts'
import type { Output } from '../output/output.ts'
import { type InitChoices, initService } from './init-service.ts'
import { listTemplates } from './list-templates.ts'
import { findTemplate } from './template-list.ts'

/** What `init` is called with. */
interface InitArguments extends InitChoices {
  readonly template?: string | undefined
  readonly file?: string | undefined
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
  const args = [...given.args, ...given.rest]
  await askDaemon(file, args, out, ({ daemon }, path) => {
    const served = {
      name: daemon.name,
      shutdownTimeout: daemon.shutdownTimeout,
      file: path,
      runsItself: false,
      args,
    }
    initService(name, served, { ...given, dryRun: given['dry-run'] }, out)
  })
}
