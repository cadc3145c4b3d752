import { SdError } from '@sd/core'

/** Switches that mean something together with others only. */
interface GivenCompanions {
  readonly d?: boolean | undefined
  readonly I?: string | undefined
  readonly install?: boolean | undefined
  readonly cwd?: string | undefined
  readonly umask?: string | undefined
}

/**
 * Sees to it that no switch is ignored: who has asked for an installation does not want to see the daemon run.
 *
 * @throws SdError `SD_CLI_USAGE`.
 */
export function checkCompanions({ d, I, install, cwd, umask }: GivenCompanions): void {
  if (install && I === undefined) throw alone('install', '-I TEMPLATE')
  if (!d && cwd !== undefined) throw alone('cwd', '-d')
  if (!d && umask !== undefined) throw alone('umask', '-d')
}

function alone(name: string, companion: string): SdError {
  return new SdError('SD_CLI_USAGE', `--${name} goes with ${companion}, and does nothing without it.`)
}
