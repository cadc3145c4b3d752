import { SdError, suggestName } from '@sd/core'
import { crontabLines } from './kinds/crontab-lines.ts'
import { dockerfile } from './kinds/dockerfile.ts'
import { initScript } from './kinds/init-script.ts'
import { launchdAgent, launchdDaemon } from './kinds/launchd-job.ts'
import { supervisordProgram } from './kinds/supervisord-program.ts'
import { systemdUnit, systemdUserUnit } from './kinds/systemd-unit.ts'
import type { ServiceTemplate } from './service-template.ts'

/** All templates, in the order in which they are listed. */
export const templates: readonly ServiceTemplate[] = [
  systemdUnit,
  systemdUserUnit,
  initScript,
  supervisordProgram,
  launchdDaemon,
  launchdAgent,
  dockerfile,
  crontabLines,
]

/** @throws SdError `SD_CLI_USAGE` that suggests the nearest name. */
export function findTemplate(given: string): ServiceTemplate {
  const wanted = given.toLowerCase()
  const found = templates.find(({ name, aliases }) => name === wanted || aliases.includes(wanted))
  if (found) return found
  const names = templates.map(({ name }) => name)
  throw new SdError('SD_CLI_USAGE', `There is no template "${given}".${suggestName(wanted, names)}`, {
    template: given,
  })
}
