/** What text may keep: nothing, tabs, or lines and tabs. */
export type KeptControls = '' | '\t' | '\n\t'

/** Text that only has these needs no closer look. */
const PLAIN: Readonly<Record<KeptControls, RegExp>> = {
  '': /^[\x20-\x7e]*$/,
  '\t': /^[\t\x20-\x7e]*$/,
  '\n\t': /^[\n\t\x20-\x7e]*$/,
}

/**
 * Control characters (C0, DEL, C1), lone surrogates, line and paragraph separators, interlinear annotations, and all that
 * Unicode has no glyph for: bidirectional controls, zero-width characters, fillers, tags. Joiners and variation selectors are
 * letters' and emojis' own: they stay behind one (not Latin, Greek or Cyrillic, where they only hide), and in a keycap.
 */
const ESCAPED =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]--[\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}]]|(?!\ufe0f\u20e3)(?<![[\p{L}\p{M}\p{Emoji}]--[\p{ASCII}\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Inherited}\p{Default_Ignorable_Code_Point}]])(?<!\p{Emoji}\ufe0f(?=\u200d))[\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gv

/** C0, DEL and C1: those of {@link ESCAPED} that come in floods. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROLS = /[\x00-\x1f\x7f-\x9f]+/g

/**
 * Text of another process, of a file or of a person, so that a terminal shows it and does not obey it, and a reader sees all that
 * is there. What is escaped stands as `\x1b`, `\u202e` or `\u{e0041}`. What is escaped already stays as it is.
 *
 * @param keep - what stays of line feeds and tabs. @default none
 * @example
 * ```ts no-check
 * escapeText('\x1b[2Jgone') // '\\x1b[2Jgone'
 * ```
 */
export function escapeText(text: string, keep: KeptControls = ''): string {
  if (PLAIN[keep].test(text)) return text
  const escapeOne = (found: string): string =>
    isKept(found, keep) ? found : formatEscape(found.codePointAt(0)!)
  // Runs of what comes in floods cost one look together.
  const escapeRun = (run: string): string => {
    let escaped = ''
    for (let index = 0; index < run.length; index++) escaped += escapeOne(run[index]!)
    return escaped
  }
  return text.replace(CONTROLS, escapeRun).replace(ESCAPED, escapeOne)
}

/** JSON text that means the same, and holds nothing that {@link escapeText} escapes. Line feeds between values stay. */
export function escapeJson(json: string): string {
  if (PLAIN['\n\t'].test(json)) return json
  return json.replace(ESCAPED, (found) =>
    isKept(found, '\n\t') ? found : found.split('').map(formatUnit).join(''),
  )
}

function isKept(found: string, keep: KeptControls): boolean {
  return found.length === 1 && keep.includes(found)
}

function formatEscape(code: number): string {
  if (code > 0xffff) return `\\u{${code.toString(16)}}`
  return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`
}

function formatUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
