import { type Stats, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SdError } from '@sd/core'
import type { LockAttempt, LockBackend, LockClaim, LockHolder } from '@sd/lock'
import { hasCode, ignoring } from './error-codes.ts'
import { type LockEntry, nameEntry, parseEntry, toHolder } from './lock-entry.ts'
import { chooseFiles, type LockFiles } from './lock-files.ts'
import { type Occupancy, occupy } from './occupancy.ts'
import { missingPlaceError, placeError, refusePlace } from './place-error.ts'
import { readRecord } from './read-record.ts'
import { removeDraft } from './remove-draft.ts'

/** An attempt begins anew when somebody else was faster; so often at most, milliseconds apart or less. */
const MOST_ROUNDS = 100

/**
 * A lock in the file system: a directory with one file in it, the holder's record.
 *
 * @param path - the directory: absolute, in a directory that exists.
 * @param files - how to reach it. @default what suits the file system
 */
export function fileBackend(path: string, files?: LockFiles): LockBackend {
  return new FileBackend(path, files)
}

/** See docs/decisions/0022: why at most one holds the lock, whatever happens between two steps. */
export class FileBackend implements LockBackend {
  readonly traits: LockBackend['traits'] = { provesDeath: true, ttlStep: 1, leastTtl: 100, durable: true }
  readonly place: string
  /** The record of the last holder that is gone; its token is the last one. */
  readonly #last: string
  /** Chosen by the first attempt. */
  #chosen: LockFiles | undefined
  #occupancy: Occupancy | undefined
  readonly #makeDirectory: (() => Promise<void>) | undefined

  /** @param makeDirectory - makes the directory around it anew, should it be gone. @default it stays gone */
  constructor(path: string, files?: LockFiles, makeDirectory?: () => Promise<void>) {
    this.place = path
    this.#chosen = files
    this.#makeDirectory = makeDirectory
    this.#last = `${path}.last`
  }

  get #files(): LockFiles {
    return this.#chosen!
  }

  async acquire(claim: LockClaim): Promise<LockAttempt> {
    try {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const attempt = (await this.clear(claim)) ?? (await this.#enter(claim))
        if (attempt) return attempt
      }
    } catch (error) {
      throw error instanceof SdError ? error : placeError(this.place, error as NodeJS.ErrnoException)
    }
    const message = `The lock ${this.place} changes hands too fast, or something hidden is in that directory.`
    throw new SdError('SD_LOCK_FILE_BUSY', message, { path: this.place, transient: true })
  }

  async resume(holder: LockHolder): Promise<void> {
    this.#chosen ??= await chooseFiles(dirname(this.place))
    // To leave is for who has entered.
    const refuse = (): never => {
      throw new Error(`The lock ${this.place} was not taken here.`)
    }
    const own = { id: holder.id, entry: nameEntry(holder), isCounted: true }
    this.#occupancy = { ...own, leave: refuse, withdraw: refuse }
  }

  async adopt(found: LockHolder, holder: LockHolder): Promise<boolean> {
    this.#occupancy = await occupy(this.#files, this.place, this.#last, holder, found)
    return this.#occupancy !== undefined
  }

  renew(holder: LockHolder): Promise<boolean> {
    return this.#own(async (occupancy) => {
      const next = nameEntry(holder)
      // Fails when the old name is gone, and then nobody else's lock is touched.
      await this.#files.rename(join(this.place, occupancy.entry), join(this.place, next))
      occupancy.entry = next
    })
  }

  check(_holder: LockHolder): Promise<boolean> {
    return this.#own(({ entry }) => this.#files.access(join(this.place, entry)))
  }

  async release(_holder: LockHolder): Promise<void> {
    await this.#own((occupancy) => occupancy.leave())
  }

  watch(onChange: () => void): () => void {
    try {
      const watcher = watch(this.place, { persistent: false }, (_, file) => {
        // A renewal of one's own is nothing new.
        if (file === null || parseEntry(file)?.id !== this.#occupancy?.id) onChange()
        else if (file === this.#occupancy?.entry) this.#files.access(join(this.place, file)).catch(onChange)
      })
      watcher.on('error', () => watcher.close())
      return () => watcher.close()
    } catch {
      // No watch is left, or the file system has none: the next renewal tells.
      return () => {}
    }
  }

  close(): void {}

  /**
   * Sees who is in the lock, and puts out who is gone.
   *
   * @returns undefined when nobody is in it any more.
   */
  async clear(claim: Pick<LockClaim, 'id' | 'ttl' | 'judge'>): Promise<LockAttempt | undefined> {
    this.#chosen ??= await chooseFiles(dirname(this.place))
    for (const entry of await this.#list()) {
      // One's own, from an attempt that was answered with a failure although it had succeeded, as happens on NFS.
      if (entry.id === claim.id) {
        await this.#evict(entry)
        continue
      }
      const record = await readRecord(this.#files, join(this.place, entry.name))
      // It was renewed, or is gone: look again.
      if (record === 'gone') return this.clear(claim)
      const holder = toHolder(entry, record === 'damaged' ? undefined : record, claim.ttl)
      const verdict = claim.judge(holder)
      if (verdict === 'alive' || verdict === 'unknown') return { holder, undecided: verdict === 'unknown' }
      await this.#evict(entry)
    }
    return undefined
  }

  /** Takes the lock that nobody is in. @returns undefined when somebody was faster. */
  async #enter(claim: LockClaim): Promise<LockAttempt | undefined> {
    const token = ((await this.#lastToken()) ?? claim.firstToken - 1) + 1
    const occupancy = await occupy(this.#files, this.place, this.#last, claim.toHolder(token))
    if (!occupancy) return void (await this.#requireDirectory())
    // Meanwhile others may have come and gone; while one is in, nobody else can change the last token.
    if (((await this.#lastToken()) ?? 0) >= token) {
      await occupancy.withdraw()
      return undefined
    }
    occupancy.isCounted = true
    this.#occupancy = occupancy
    // What cannot be removed, since it is another user's for instance, does no harm.
    await this.#sweep().catch(() => {})
    return { token }
  }

  /** Who stands by outlives the directory, as when somebody cleans up, and must not wait for somebody to make it. */
  async #requireDirectory(): Promise<void> {
    const directory = dirname(this.place)
    if (await this.#files.find(directory)) return
    await this.#makeDirectory?.()
    if (!(await this.#files.find(directory))) throw missingPlaceError(this.place)
  }

  /** Takes a holder that is gone out of the lock. Of all who try only one does; to the others it is done. */
  async #evict(entry: LockEntry): Promise<void> {
    const file = join(this.place, entry.name)
    // The record of the greatest token stays: it is the counter.
    const isLast = ((await this.#lastToken()) ?? 0) < entry.token
    await ignoring(['ENOENT'], isLast ? this.#files.rename(file, this.#last) : this.#files.unlink(file))
  }

  async #lastToken(): Promise<number | undefined> {
    const record = await readRecord(this.#files, this.#last)
    return typeof record === 'string' ? undefined : record.token
  }

  /** Who is in the lock: nobody or one. */
  async #list(): Promise<LockEntry[]> {
    const [lock, last] = [await this.#files.find(this.place), await this.#files.find(this.#last)]
    if (last) await this.#checkLast(last)
    if (!lock) return []
    await this.#checkOwner(lock)
    const names = (await ignoring(['ENOENT'], this.#files.readdir(this.place))) ?? []
    // NFS keeps what is deleted while somebody reads it under such a name.
    return names.filter((name) => !name.startsWith('.')).map((name) => parseEntry(name) ?? this.#refuse(name))
  }

  /** Where everybody may write, anybody could lay out a lock for us to follow. */
  async #checkOwner(lock: Stats): Promise<void> {
    if (lock.isSymbolicLink()) refusePlace(this.place, 'it is a link', 'Remove it.')
    if (!lock.isDirectory()) refusePlace(this.place, 'it is no directory', 'Give the lock a path of its own.')
    if (lock.uid !== 0) await this.#refuseOthers(lock, 'it')
  }

  /** One that cannot be replaced would keep everybody who enters from ever leaving. */
  async #checkLast(last: Stats): Promise<void> {
    if (last.isDirectory()) refusePlace(this.place, `${this.#last} is a directory`, 'Remove that.')
    await this.#refuseOthers(last, this.#last)
  }

  async #refuseOthers({ uid }: Stats, what: string): Promise<void> {
    if (uid === process.getuid?.()) return
    const around = await this.#files.find(dirname(this.place))
    if (!around || (around.mode & 0o002) === 0) return
    const remedy =
      'Keep the lock in a directory that only its users can write to (option "file", or SD_RUN_DIR).'
    refusePlace(this.place, `${what} belongs to user id ${uid}, where everybody may write`, remedy)
  }

  #refuse(name: string): never {
    return refusePlace(
      this.place,
      `it contains "${name}", which is no lock's`,
      'Give the lock a path of its own.',
    )
  }

  /**
   * Removes what contenders left that were killed; where everybody may write only one's own. One that lives was too slow anyway, and begins anew: its draft
   * first gets another name, so that it can never enter the lock with a draft that is half removed.
   */
  async #sweep(): Promise<void> {
    const around = dirname(this.place)
    const [draft, waste] = ['new', 'old'].map((kind) => `${basename(this.place)}.${kind}-`) as [
      string,
      string,
    ]
    const isOpen = (((await this.#files.find(around))?.mode ?? 0) & 0o002) !== 0
    for (const name of await this.#files.readdir(around)) {
      if (!name.startsWith(draft) && !name.startsWith(waste)) continue
      const status = await this.#files.find(join(around, name))
      if (!status?.isDirectory() || (isOpen && status.uid !== process.getuid?.())) continue
      const removed = join(around, name.replace(draft, waste))
      if (name.startsWith(draft)) await ignoring(['ENOENT'], this.#files.rename(join(around, name), removed))
      await removeDraft(this.#files, removed)
    }
  }

  /**
   * Does something with one's own record.
   *
   * @returns false when it is not there.
   */
  async #own(action: (occupancy: Occupancy) => Promise<void>): Promise<boolean> {
    const occupancy = this.#occupancy
    if (!occupancy) return false
    try {
      try {
        await action(occupancy)
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error
        // An earlier change may have been made although it was answered with a failure, as happens on NFS.
        const entry = (await this.#list()).find(({ id }) => id === occupancy.id)
        if (!entry || entry.name === occupancy.entry) return false
        occupancy.entry = entry.name
        await action(occupancy)
      }
      return true
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false
      throw error instanceof SdError ? error : placeError(this.place, error as NodeJS.ErrnoException)
    }
  }
}
