import { realpathSync, statSync } from 'node:fs'
import { SdError } from '@sd/core'

/**
 * Sees to it that a daemon can run in a directory: Node says of one that is not there that itself is missing.
 *
 * @param given - undefined: the present one.
 * @throws SdError `SD_CLI_USAGE`, `SD_CLI_DIRECTORY`.
 */
export function checkDirectory(given: string | undefined): void {
  if (given === undefined) return checkPresent()
  const status = statSync(given, { throwIfNoEntry: false })
  if (status?.isDirectory()) return
  throw new SdError('SD_CLI_USAGE', `--cwd: ${given} is no directory. Make it, or name another one.`)
}

function checkPresent(): void {
  try {
    // Not stat(2), which a removed directory still answers.
    realpathSync.native('.')
  } catch (cause) {
    const message =
      'The working directory was removed, and a daemon in it could not restart. Go to one that stays, or name one with --cwd DIRECTORY.'
    throw new SdError('SD_CLI_DIRECTORY', message, { cause })
  }
}
