import { readFile, stat } from 'node:fs/promises'
import { nearestName, SdError } from '@sd/core'
import { type IniMap, isIniMap } from './ini-value.ts'
import { parseIni } from './parse-ini.ts'

/**
 * Reads and parses the file, and looks for the required sections.
 *
 * @param file - an absolute path.
 * @param requiredSections - `a.b` stands for `[a.b]`, which is `b` in `a`.
 * @throws SdError `SD_INI_FILE`, `SD_INI_SYNTAX` or `SD_INI_SECTIONS`, all with the fact `file`.
 */
export async function loadSettings(file: string, requiredSections: readonly string[]): Promise<IniMap> {
  const settings = parseIni(await readText(file), { file })
  const missing = requiredSections.filter((name) => !isFilled(findSection(settings, name)))
  if (missing.length === 0) return settings
  const wanted = missing.map((name) => `[${name}]${hint(name, settings)}`).join(', ')
  const sections = missing.length === 1 ? 'a required section' : `${missing.length} required sections`
  throw new SdError(
    'SD_INI_SECTIONS',
    `${file} lacks ${sections}: ${wanted}. Add what is missing to the file.`,
    {
      file,
      missing,
    },
  )
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    const status = await stat(file)
    if (status.isDirectory()) {
      throw fileError(file, 'is a directory', 'Name the file in it in the option "file" of ini().')
    }
    // A pipe could keep the daemon waiting for ever.
    if (!status.isFile()) throw fileError(file, 'is not a regular file', 'Give ini() a regular file.')
    bytes = await readFile(file)
  } catch (error) {
    throw error instanceof SdError ? error : explainFailure(file, error as NodeJS.ErrnoException)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fileError(file, 'is not UTF-8 text', 'Save it as UTF-8.', cause)
  }
}

function explainFailure(file: string, cause: NodeJS.ErrnoException): SdError {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
    return fileError(file, 'does not exist', 'Create it, or correct the option "file" of ini().', cause)
  }
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const remedy = `Let user id ${process.getuid?.()} read it and enter the directories above it (chmod, chown).`
    return fileError(file, 'may not be read by this process', remedy, cause)
  }
  return fileError(file, `cannot be read (${cause.message})`, 'Check the file and its disk.', cause)
}

function fileError(file: string, problem: string, remedy: string, cause?: unknown): SdError {
  return new SdError('SD_INI_FILE', `The settings file ${file} ${problem}. ${remedy}`, { file, cause })
}

function findSection(settings: IniMap, name: string): IniMap | undefined {
  let level: IniMap = settings
  for (const part of name.split('.')) {
    const next = level[part]
    if (!isIniMap(next)) return undefined
    level = next
  }
  return level
}

/** One without a key is missing, as in the original: what it was asked for is not there. */
function isFilled(section: IniMap | undefined): boolean {
  return section !== undefined && Object.keys(section).length > 0
}

function hint(name: string, settings: IniMap): string {
  if (findSection(settings, name)) return ' (it is empty)'
  const present = Object.keys(settings).filter((key) => isIniMap(settings[key]))
  const nearest = nearestName(name, present)
  return nearest === undefined ? '' : ` (the file has [${nearest}])`
}
