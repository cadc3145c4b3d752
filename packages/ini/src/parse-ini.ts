import { IniText } from './ini-text.ts'
import type { IniMap } from './ini-value.ts'
import type { Environment } from './interpolate.ts'
import { scanKey, scanSection } from './scan-key.ts'
import { scanValue } from './scan-value.ts'
import { Branch } from './value-tree.ts'

/** Options of {@link parseIni}. */
export interface ParseIniOptions {
  /** Named in errors. */
  file?: string | undefined
  /**
   * Where `${NAME}` is looked up.
   * @default process.env
   */
  env?: Environment | undefined
}

/**
 * Parses INI text. Sections become properties; keys before the first section stand beside them.
 * All objects are without prototype.
 *
 * @param text - the content of an INI file; a byte order mark and any line ends are fine.
 * @throws SdError `SD_INI_SYNTAX` with the facts `file` and `line`; the message shows the line and what to
 * write instead.
 * @example
 * ```ts
 * parseIni('[web]\nport = 8080\nhosts[] = a\nhosts[] = b')   // { web: { port: 8080, hosts: ['a', 'b'] } }
 * ```
 */
export function parseIni(text: string, options: ParseIniOptions = {}): IniMap {
  const env = options.env ?? process.env
  const source = new IniText(text, options.file)
  const root = new Branch(0)
  let section = root
  for (let line = 1; line <= source.lines.length; line++) {
    const content = source.lines[line - 1]!.trimStart()
    if (content.includes('\0')) {
      source.fail(line, 'There is a NUL character: this is not plain text.', 'Save the file as UTF-8.')
    }
    if (content === '' || content.startsWith(';') || content.startsWith('#')) continue
    if (content.startsWith('[')) {
      section = root.open(source, line, scanSection(source, line))
      continue
    }
    const key = scanKey(source, line)
    const { value, line: lastLine } = scanValue(source, line, key.end, env)
    if (key.entry === undefined) {
      section.open(source, line, key.path.slice(0, -1)).set(source, key.path.at(-1)!, { value, line })
    } else {
      section.open(source, line, key.path).setEntry(source, key.entry, { value, line })
    }
    line = lastLine
  }
  return root.toMap()
}
