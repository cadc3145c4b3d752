import { SdError } from '@sd/core'
import { cronCommand } from '../quoting/quote-for-cron.ts'
import { quoteForShell } from '../quoting/quote-for-shell.ts'
import {
  cliCommand,
  lastingRunDirectory,
  makeRunDirectory,
  type ServiceProgram,
  startCommand,
} from '../service-program.ts'
import type { ServiceTemplate } from '../service-template.ts'

/** Longer commands are cut off, or refused: cron's MAX_COMMAND. */
const LONGEST = 998

/** Lines of a user's crontab. */
export const crontabLines: ServiceTemplate = {
  name: 'crontab',
  aliases: ['cron', '@reboot'],
  title: 'Lines of your crontab: at each boot, and a look every 5 minutes',
  installs: 'crontab',
  platforms: ['linux', 'darwin', 'freebsd', 'openbsd'],
  needsRoot: false,
  render(program) {
    const { name } = program
    const directory = lastingRunDirectory(program)
    return {
      files: [{ path: `crontab of ${program.user}`, content: renderLines(program) }],
      next: [
        ...makeRunDirectory(program),
        [
          `SD_RUN_DIR=${quoteForShell(directory)} sd-cli start ${quoteForShell(program.file)}`,
          'starts it now, instead of within 5 minutes',
        ],
        ['crontab -l', 'shows the lines'],
        [`SD_RUN_DIR=${quoteForShell(directory)} sd-cli status ${name}`, 'asks the daemon itself'],
        [
          `SD_RUN_DIR=${quoteForShell(directory)} sd-cli restart ${name}`,
          'restarts it in place, with new code',
        ],
      ],
      notes: [
        `One that runs and does not answer is not started a second time: sd-cli status exits with 4 then, and the log of these lines says so every 5 minutes.`,
        `Stopped by hand, it is started again within 5 minutes: take the lines away first (crontab -e).`,
      ],
    }
  },
}

/** What the lines stand between, so that they are found again. */
export function crontabMarks(name: string): readonly [begin: string, end: string] {
  return [`# BEGIN simple-daemon ${name}`, `# END simple-daemon ${name}`]
}

function renderLines(program: ServiceProgram): string {
  const { name, workingDirectory, log = `${workingDirectory}/${name}.cron.log` } = program
  const [begin, end] = crontabMarks(name)
  // Cron has no XDG_RUNTIME_DIR; the directory that it names is not there before its user logs in, anyway.
  const place = `cd ${cronCommand([workingDirectory])} && export SD_RUN_DIR=${cronCommand([lastingRunDirectory(program)])}`
  const start = `${cronCommand(startCommand(program))} >>${cronCommand([log])} 2>&1`
  const status = `${cronCommand(cliCommand(program, 'status', name))} >/dev/null 2>&1`
  const lines = [`@reboot ${place} && ${start}`, `*/5 * * * * ${place} && { ${status} || ${start}; }`]
  if (lines.some(({ length }) => length > LONGEST)) {
    const message = `The lines for ${program.file} are longer than the ${LONGEST} characters that cron takes. Use shorter paths.`
    throw new SdError('SD_CLI_TEMPLATE', message, { file: program.file })
  }
  return `${[begin, `# Made by: ${program.madeBy}`, ...lines, end].join('\n')}\n`
}
