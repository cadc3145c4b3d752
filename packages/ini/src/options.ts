import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Check, must, resolveOptions } from '@sd/core'

/** Options of {@link ini}. */
export interface IniOptions<Required extends string = string> {
  /**
   * The file: a path, relative to the working directory at the time of the call, or a `file:` URL, as in
   * `new URL('./settings.ini', import.meta.url)`.
   */
  file: string | URL
  /**
   * Sections without which the daemon does not start, all missing ones reported together. `a.b` asks for
   * `[a.b]`. One without any key counts as missing. TypeScript then knows that they are there.
   * @default []
   */
  requiredSections?: readonly Required[] | undefined
}

/** Options with all defaults applied. */
export interface ResolvedIniOptions {
  /** An absolute path. */
  readonly file: string
  readonly requiredSections: readonly string[]
}

const defaults = Object.freeze({ requiredSections: Object.freeze([]) as readonly string[] })

/** Checks the options and makes the path absolute, without looking at the disk. */
export function resolveIniOptions(given: IniOptions): ResolvedIniOptions {
  const { file, requiredSections } = resolveOptions('ini', 'SD_INI_OPTIONS', given, defaults, {
    file: must.beGiven(beFile),
    requiredSections: must.beTexts,
  })
  return { file: typeof file === 'string' ? resolve(file) : fileURLToPath(file), requiredSections }
}

const beFile: Check = (value) => {
  const isPath = typeof value === 'string' && value !== ''
  const isUrl = value instanceof URL && value.protocol === 'file:' && value.host === ''
  return isPath || isUrl ? undefined : 'the path or file: URL of an INI file'
}
