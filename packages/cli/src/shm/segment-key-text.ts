import { SdError } from '@sd/core'
import { escapeJson, escapeText } from '@sd/core/escape-text'

/** A key as it is typed: as it is, or as a JSON string where it has spaces and the like. */
export function formatKey(key: string): string {
  return /^[^\s"]+$/.test(key) && escapeText(key) === key ? key : escapeJson(JSON.stringify(key))
}

/**
 * The key, or prefix, that follows a command.
 *
 * @throws SdError `SD_CLI_USAGE` when it begins with `"` and is no JSON string.
 */
export function readKey(text: string): string {
  if (!text.startsWith('"')) return text
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = `${text} is no JSON string. A key with spaces is written like this: "my key"`
    throw new SdError('SD_CLI_USAGE', message, { cause })
  }
}
