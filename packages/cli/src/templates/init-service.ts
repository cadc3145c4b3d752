import { SdError } from '@sd/core'
import type { Output } from '../output/output.ts'
import { describeService, type ServedDaemon, type ServiceChoices } from './describe-service.ts'
import type { Account } from './find-account.ts'
import { isFleeting } from './find-cli.ts'
import { installCrontab, planCrontab } from './install-crontab.ts'
import { installFiles, type PlannedFile, planFiles } from './install-service.ts'
import { shellCommand } from './quoting/quote-for-shell.ts'
import type { ServiceProgram } from './service-program.ts'
import type { Service, ServiceTemplate } from './service-template.ts'
import { findTemplate } from './template-list.ts'

/** What is to become of a service definition. */
export interface InitChoices extends ServiceChoices {
  /** Whether it is installed, not printed. */
  readonly install?: boolean | undefined
  /** Whether only is shown what would be written. */
  readonly dryRun?: boolean | undefined
  /** Whether a different one is replaced. */
  readonly force?: boolean | undefined
  /** A directory to install into, as if it were `/`. */
  readonly root?: string | undefined
}

/**
 * Prints the service definition of a daemon, or installs it.
 *
 * @param given - the template's name.
 * @throws SdError `SD_CLI_USAGE`, `SD_CLI_QUOTING`, `SD_CLI_TEMPLATE`, `SD_CLI_EXISTS`, `SD_CLI_PERMISSION`.
 */
export function initService(given: string, daemon: ServedDaemon, choices: InitChoices, out: Output): void {
  const template = findTemplate(given)
  const { program, account } = describeService(template.name, daemon, choices)
  const service = template.render(program)
  const notes = [...(service.notes ?? []), ...listDoubts(template, program, account)]
  const steps = service.next.map(([command, purpose]) => ({ command, purpose }))
  if (!choices.install && !choices.dryRun) {
    const [{ path, content }] = service.files as [Service['files'][0]]
    if (out.json) {
      return out.printJson({
        template: template.name,
        installed: false,
        files: service.files,
        next: steps,
        notes,
      })
    }
    out.print(content.trimEnd())
    out.say(`\nIts place: ${path}. To put it there: ${installCommand(program, choices)}`)
    return tell(out, notes)
  }
  if (choices.root === undefined) checkPlatform(template, program, account, choices)
  const install = choices.install && !choices.dryRun
  const planned =
    template.installs === 'crontab'
      ? [handleCrontab(program, service, choices, install === true)]
      : handleFiles(program, service, choices, install === true)
  if (out.json) {
    return out.printJson({
      template: template.name,
      installed: install === true,
      files: planned,
      next: steps,
      notes,
    })
  }
  for (const file of planned) report(file, out, install === true)
  tell(out, notes)
  if (install) showNext(service, out)
}

function handleFiles(
  program: ServiceProgram,
  { files }: Service,
  choices: InitChoices,
  install: boolean,
): PlannedFile[] {
  const { root, force = false } = choices
  const planned = planFiles(files, root)
  if (install) installFiles(planned, force, `sudo ${installCommand(program, choices)}`)
  return planned
}

function handleCrontab(
  { name, user }: ServiceProgram,
  { files }: Service,
  { force = false }: InitChoices,
  install: boolean,
): PlannedFile {
  const [{ path, content }] = files as [Service['files'][0]]
  const planned = planCrontab(name, user, content)
  if (install) installCrontab(user, planned, force)
  return { path, content, mode: 0o600, state: planned.state }
}

/** @throws SdError where an installation would be useless, or go to somebody else's place. */
function checkPlatform(
  { name, platforms, needsRoot, installs }: ServiceTemplate,
  program: ServiceProgram,
  account: Account,
  { dryRun }: InitChoices,
): void {
  if (!platforms.includes(process.platform)) {
    const message = `"${name}" is for ${platforms.join(', ')}, and this is ${process.platform}. Print it without --install and copy it, or give --root DIRECTORY.`
    throw new SdError('SD_CLI_TEMPLATE', message, { template: name })
  }
  if (dryRun) return
  if (!account.exists) {
    const message = `There is no user "${account.user}". Make it (useradd --system ${account.user}), or name another one with --user.`
    throw new SdError('SD_CLI_TEMPLATE', message, { user: account.user })
  }
  if (!needsRoot && installs === 'files' && process.getuid?.() === 0 && account.user !== 'root') {
    const message = `"${name}" belongs into the home directory of ${account.user}: install it as that user, without sudo.`
    throw new SdError('SD_CLI_PERMISSION', message, { user: program.user })
  }
}

/** What may be meant otherwise. */
function listDoubts(
  { needsRoot }: ServiceTemplate,
  { user, cli, name }: ServiceProgram,
  { exists }: Account,
): string[] {
  const doubts: string[] = []
  if (user === 'root' && needsRoot)
    doubts.push('It runs as root. Give it a user of its own with --user NAME.')
  if (!exists) doubts.push(`There is no user "${user}" here (useradd --system ${user}).`)
  if (isFleeting(cli)) {
    doubts.push(
      `npx has fetched sd-cli for this call only. Add it to the project of ${name}: npm install @sd/cli`,
    )
  }
  return doubts
}

/** The same, to be installed. */
function installCommand(program: ServiceProgram, choices: InitChoices): string {
  const { node, nodeOptions, cli, file, madeBy, runsItself, args } = program
  const template = madeBy.split(' ').at(runsItself ? -1 : 2)!
  if (runsItself) return shellCommand([node, ...nodeOptions, file, '-I', template, '--install'])
  const given = (['user', 'cwd', 'log', 'description'] as const).flatMap((name) =>
    choices[name] === undefined ? [] : [`--${name}`, choices[name]],
  )
  const rest = args.length === 0 ? [] : ['--', ...args]
  const force = choices.force ? ['--force'] : []
  return shellCommand([
    node,
    ...nodeOptions,
    cli,
    'init',
    template,
    file,
    '--install',
    ...given,
    ...force,
    ...rest,
  ])
}

/** What is done to a file: `Wrote`, or with --dry-run `Would write`. */
function report({ path, content, state, mode }: PlannedFile, out: Output, done: boolean): void {
  const permissions = mode.toString(8).padStart(4, '0')
  const what = {
    new: done ? 'Wrote' : 'Would write',
    different: done ? 'Replaced' : 'Would replace (with --force)',
    unchanged: 'Is there already:',
    kept: 'Kept as it is:',
  }[state]
  out.say(`${what} ${path} (${permissions})`)
  if (!done && (state === 'new' || state === 'different')) out.print(content.trimEnd())
}

function tell(out: Output, notes: readonly string[]): void {
  for (const note of notes) out.say(`Note: ${note}`)
}

function showNext({ next }: Service, out: Output): void {
  out.say('\nNext:')
  const width = Math.max(...next.filter(([{ length }]) => length < 60).map(([{ length }]) => length))
  for (const [command, purpose] of next) out.say(`  ${command.padEnd(width)}  # ${purpose}`)
}
