import { SdError } from '@sd/core'

/**
 * What a line means that may begin with `!!`, as in a shell: the line before, and what follows after it.
 *
 * @param last - the line before, in this very session: nobody remembers what he typed last week.
 * @throws SdError `SD_CLI_REPEAT` when there is none.
 */
export function repeatLine(line: string, last: string | undefined): string {
  if (!line.startsWith('!!')) return line
  if (last === undefined) {
    throw new SdError('SD_CLI_REPEAT', 'There is nothing to repeat yet: "!!" stands for the line before.')
  }
  return `${last}${line.slice(2)}`
}
