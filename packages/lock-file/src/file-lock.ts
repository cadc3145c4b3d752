import { access, constants, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openRunDirectory, type Plugin, toError } from '@sd/core'
import { ownEntry } from '@sd/core/own-entry'
import {
  type LockBackend,
  type LockService,
  lockPlugin,
  type OpenContext,
  type RenewalThread,
} from '@sd/lock'
import { FileBackend } from './file-backend.ts'
import { type FileLockOptions, fileChecks, locateLock } from './options.ts'
import { placeError } from './place-error.ts'

/** What renews the lease from another thread: source beside source, built beside built. */
const HOLD: string = pathToFileURL(ownEntry(import.meta.url, './hold.ts', './hold.js')).href

/**
 * Makes the plugin that keeps a daemon single on its machine, or on all machines that share a directory: a second
 * instance exits with 1 and names the first. A holder that was killed is taken over from at once.
 *
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'importer', interval: 1000 })
 *   .use(fileLock())
 *   .execute((daemon) => daemon.log(`alone, with token ${daemon.fileLock.token}`))
 * ```
 */
export function fileLock<const Name extends string = 'fileLock'>(
  options: FileLockOptions<Name> = {},
): Plugin<Name, LockService> {
  return lockPlugin('fileLock', options, fileChecks, open, findMissing, describeThread)
}

async function open({ name }: OpenContext, options: FileLockOptions): Promise<LockBackend> {
  const path = locateLock(name, options)
  const make = (): Promise<void> => makeDirectory(path, options)
  await make()
  return new FileBackend(path, undefined, make)
}

function describeThread({ name }: OpenContext, options: FileLockOptions): RenewalThread {
  const path = locateLock(name, options)
  return { module: HOLD, place: { path } }
}

async function findMissing({ name }: OpenContext, options: FileLockOptions): Promise<string[]> {
  try {
    await makeDirectory(locateLock(name, options), options)
    return []
  } catch (thrown) {
    return [toError(thrown).message]
  }
}

/** Makes the directory that the lock lies in, and sees whether it can be written to. */
async function makeDirectory(path: string, { file }: FileLockOptions): Promise<void> {
  const directory = dirname(path)
  if (file === undefined) await openRunDirectory(directory)
  try {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw placeError(path, error as NodeJS.ErrnoException)
  }
}
