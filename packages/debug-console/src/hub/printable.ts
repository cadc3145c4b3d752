/**
 * Text that a terminal only shows: what a program has in its strings must not clear the screen, or type at the prompt.
 * Line breaks, tabs and colours may pass.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (found) =>
    COLOUR.test(found) ? found : `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}${found.slice(1)}`,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
const CONTROL = /\x1b\[[\d;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const COLOUR = /^\x1b\[[\d;]*m$/
