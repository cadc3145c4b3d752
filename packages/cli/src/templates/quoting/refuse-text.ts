import { SdError } from '@sd/core'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/

/** @throws SdError `SD_CLI_QUOTING` for line breaks and the like, which no format can carry. */
export function refuseControlCharacters(text: string, format: string): string {
  if (CONTROL_CHARACTER.test(text))
    refuseText(text, format, 'it has a control character, such as a line break')
  return text
}

/** @throws SdError `SD_CLI_QUOTING`. */
export function refuseText(text: string, format: string, why: string): never {
  const message = `${JSON.stringify(text)} cannot be written to ${format}: ${why}. Rename it, or use a link with a simpler name.`
  throw new SdError('SD_CLI_QUOTING', message, { text, format })
}
