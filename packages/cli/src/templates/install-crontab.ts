import { spawnSync } from 'node:child_process'
import { SdError } from '@sd/core'
import { readSelf } from './find-account.ts'
import type { PlannedFile } from './install-service.ts'
import { crontabMarks } from './kinds/crontab-lines.ts'

/** A crontab with the daemon's lines in it. */
interface PlannedCrontab {
  readonly state: PlannedFile['state']
  /** All of it, as it is to be. */
  readonly content: string
}

/**
 * Looks at the user's crontab.
 *
 * @param lines - what is to be in it, between its marks.
 * @throws SdError `SD_CLI_TEMPLATE` where there is no cron, `SD_CLI_PERMISSION`.
 */
export function planCrontab(name: string, user: string, lines: string): PlannedCrontab {
  const { status, stdout, stderr } = runCrontab(user, ['-l'])
  // Who has none yet is told so by an error.
  if (status !== 0 && !/no crontab/i.test(stderr)) throw crontabError(user, stderr)
  return mergeCrontab(name, status === 0 ? stdout : '', lines)
}

/** Puts the lines in the place of those of the same daemon, or at the end. */
export function mergeCrontab(name: string, present: string, lines: string): PlannedCrontab {
  const [begin, end] = crontabMarks(name)
  const all = present.split('\n')
  const from = all.indexOf(begin)
  const to = all.indexOf(end, from)
  if (from < 0) {
    const gap = present === '' || present.endsWith('\n') ? '' : '\n'
    return { state: 'new', content: `${present}${gap}${lines}` }
  }
  if (to < 0) {
    const message = `The crontab has the line "${begin}", and no "${end}" after it. Put that in order with: crontab -e`
    throw new SdError('SD_CLI_TEMPLATE', message)
  }
  const old = `${all.slice(from, to + 1).join('\n')}\n`
  const content = [...all.slice(0, from), ...lines.trimEnd().split('\n'), ...all.slice(to + 1)].join('\n')
  return { state: old === lines ? 'unchanged' : 'different', content }
}

/** @throws as {@link planCrontab}, and SdError `SD_CLI_EXISTS`. */
export function installCrontab(user: string, planned: PlannedCrontab, force: boolean): void {
  if (planned.state === 'unchanged') return
  if (planned.state === 'different' && !force) {
    const message = `The crontab of ${user} has other lines for this daemon. Look at what would change with --dry-run, and replace them with --force.`
    throw new SdError('SD_CLI_EXISTS', message)
  }
  const { status, stderr } = runCrontab(user, ['-'], planned.content)
  if (status !== 0) throw crontabError(user, stderr)
}

function runCrontab(
  user: string,
  args: readonly string[],
  input = '',
): { status: number | null; stdout: string; stderr: string } {
  const other = user === readSelf()?.username ? [] : ['-u', user]
  const { error, status, stdout, stderr } = spawnSync('crontab', [...other, ...args], {
    encoding: 'utf8',
    input,
    env: { ...process.env, LC_ALL: 'C' },
  })
  if (error) {
    const message = `There is no crontab command here (${error.message}). Install cron (apt-get install cron), or take another template.`
    throw new SdError('SD_CLI_TEMPLATE', message, { cause: error })
  }
  return { status, stdout, stderr }
}

function crontabError(user: string, said: string): SdError {
  const problem = said.trim() || 'it does not say why'
  return /privileged|not allowed|permission|denied/i.test(said)
    ? new SdError(
        'SD_CLI_PERMISSION',
        `The crontab of ${user} cannot be changed: ${problem}. Do it as that user, or as root.`,
      )
    : new SdError('SD_CLI_TEMPLATE', `The crontab of ${user} cannot be changed: ${problem}`)
}
