import { renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { LockHolder } from '@sd/lock'
import type { LockOptions } from 'proper-lockfile'
import { hasCode, ignoring } from './error-codes.ts'
import { nameEntry, parseEntry } from './lock-entry.ts'
import type { LockFiles } from './lock-files.ts'
import { removeDraft } from './remove-draft.ts'
import { shareWithGroup } from './share-with-group.ts'

/** One's own stay in a lock. */
export interface Occupancy {
  /** The lease's. */
  readonly id: string
  /** The name of one's record in the lock's directory; a renewal changes it. */
  entry: string
  /** Whether its token is known to be the greatest. Before that the record must not become that of the last holder. */
  isCounted: boolean
  /** Leaves the lock; the record stays beside it, as that of the last holder. @throws ENOENT when it is not there. */
  leave(): Promise<void>
  /** Leaves the lock as if one had never been in it. */
  withdraw(): Promise<void>
}

/** Loaded when the first lock is taken: it listens for signals from then on. To import it each time would take long. */
let properLockfile: typeof import('proper-lockfile') | undefined

/** What proper-lockfile must never find: a lock that looks old. */
const NEVER_STALE = Number.MAX_SAFE_INTEGER

/** The longest that a timer can be set to. proper-lockfile's heartbeat means nothing here. */
const HARDLY_EVER = 2 ** 31 - 1

/**
 * Takes a lock that nobody is in, through proper-lockfile, which makes its directory, and leaves it when the process
 * exits without having done so. What it gets to work with is a file system in which the directory appears with
 * the record in it, disappears only if one's own record was in it, and has no times: so it cannot take a
 * lock over, nor remove another one's, nor be confused by clocks.
 *
 * @param path - the lock's directory.
 * @param last - where the record goes in the end.
 * @param found - the record of the program that this process was before an `execve`: it is in the lock, and taken up.
 * @returns undefined when somebody else is in it, or what was found is not.
 */
export async function occupy(
  files: LockFiles,
  path: string,
  last: string,
  holder: LockHolder,
  found?: LockHolder,
): Promise<Occupancy | undefined> {
  const staging = `${path}.new-${holder.id}`
  let mtime = new Date()
  const own = { id: holder.id, entry: nameEntry(holder), isCounted: found !== undefined }
  const fileSystem = {
    mkdir: callback(async () => {
      if (found) return files.rename(join(path, nameEntry(found)), join(path, own.entry))
      const record = join(staging, own.entry)
      await files.mkdir(staging)
      await files.writeFile(record, `${JSON.stringify(holder, undefined, 2)}\n`, { flag: 'wx' })
      await shareWithGroup(files, staging, record)
      // Replaces nothing but an empty directory.
      await files.rename(staging, path).catch((error) => {
        if (hasCode(error, 'ENOTEMPTY')) error.code = 'EEXIST'
        throw error
      })
    }),
    // One leaves by `leave`; proper-lockfile then only forgets the lock.
    rmdir: callback(async () => {}),
    rmdirSync() {
      // It is kept for what this process becomes.
      if (parseEntry(own.entry)?.restarting) return
      const record = join(path, own.entry)
      if (own.isCounted) renameSync(record, last)
      else unlinkSync(record)
      rmdirSync(path)
    },
    utimes(_path: string, _accessed: Date, modified: Date, done: (error: null) => void) {
      mtime = modified
      done(null)
    },
    stat: (_path: string, done: (error: null, status: { mtime: Date }) => void) => done(null, { mtime }),
  }
  properLockfile ??= (await import('proper-lockfile')).default
  const options = {
    ...{ lockfilePath: path, realpath: false, retries: 0, fs: fileSystem },
    ...{ stale: NEVER_STALE, update: HARDLY_EVER, onCompromised: () => {} },
  }
  let forget: () => Promise<void>
  try {
    forget = await properLockfile.lock(path, options as unknown as LockOptions)
  } catch (error) {
    if (!found) await removeDraft(files, staging)
    // ENOENT: a new holder has swept the staging directory away, or what was found is gone.
    if (hasCode(error, 'ELOCKED', 'ENOENT')) return undefined
    throw error
  }
  const vacate = async (): Promise<void> => {
    await ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], files.rmdir(path))
    // It has nothing to remove any more.
    await forget().catch(() => {})
  }
  return Object.assign(own, {
    async leave() {
      await files.rename(join(path, own.entry), last)
      await vacate()
    },
    async withdraw() {
      await ignoring(['ENOENT'], files.unlink(join(path, own.entry)))
      await vacate()
    },
  })
}

/** As Node's callback functions are, after one that returns a promise. */
function callback(action: () => Promise<void>): (path: string, done: (error: unknown) => void) => void {
  return (_path, done) => void action().then(() => done(null), done)
}
