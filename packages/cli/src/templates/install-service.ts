import { randomUUID } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SdError } from '@sd/core'
import type { ServiceFile } from './service-template.ts'

/** What becomes, or would become, of a file. */
export interface PlannedFile extends ServiceFile {
  readonly path: string
  readonly mode: number
  /** `kept`: another one that is as good is there. `different`: one that only `force` replaces. */
  readonly state: 'new' | 'unchanged' | 'kept' | 'different'
}

/**
 * Looks what is there already.
 *
 * @param root - in front of each path, for an image that is being made.
 * @throws SdError `SD_CLI_TEMPLATE` where something that is no file is in the way.
 */
export function planFiles(files: readonly ServiceFile[], root: string | undefined): PlannedFile[] {
  return files.map((file) => {
    const path = root === undefined ? file.path : join(root, file.path)
    return { ...file, path, mode: file.mode ?? 0o644, state: compare(path, file) }
  })
}

/**
 * Writes what is not there yet. Each file appears whole, or not at all.
 *
 * @param force - whether different ones are replaced.
 * @param again - the command that would do it with more rights, for the error.
 * @throws SdError `SD_CLI_EXISTS` before anything is written; `SD_CLI_PERMISSION`.
 */
export function installFiles(planned: readonly PlannedFile[], force: boolean, again: string): void {
  const [obstacle] = planned.filter(({ state }) => state === 'different')
  if (obstacle && !force) {
    const message = `${obstacle.path} exists and is different. Look at what would change with --dry-run, and replace it with --force.`
    throw new SdError('SD_CLI_EXISTS', message, { path: obstacle.path })
  }
  for (const file of planned) {
    if (file.state === 'unchanged' || file.state === 'kept') continue
    try {
      writeWhole(file)
    } catch (cause) {
      throw writeError(file.path, cause as NodeJS.ErrnoException, again)
    }
  }
}

function compare(path: string, { content, keepsPresent }: ServiceFile): PlannedFile['state'] {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (!status) return 'new'
  if (keepsPresent) return 'kept'
  if (status.isSymbolicLink()) return 'different'
  if (!status.isFile()) {
    throw new SdError('SD_CLI_TEMPLATE', `${path} is no file: something else is in the way.`, { path })
  }
  try {
    return readFileSync(path, 'utf8') === content ? 'unchanged' : 'different'
  } catch {
    return 'different'
  }
}

/** Renamed into place: a link at that place is replaced, not followed. */
function writeWhole({ path, content, mode }: PlannedFile): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = join(dirname(path), `.${randomUUID()}.tmp`)
  try {
    writeFileSync(draft, content, { flag: 'wx', mode })
    // Whatever the umask.
    chmodSync(draft, mode)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function writeError(path: string, cause: NodeJS.ErrnoException, again: string): SdError {
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const message = `User id ${process.getuid?.()} may not write ${path}. Install it as root: ${again}`
    return new SdError('SD_CLI_PERMISSION', message, { path, cause })
  }
  return new SdError('SD_CLI_TEMPLATE', `${path} cannot be written: ${cause.message}`, { path, cause })
}
