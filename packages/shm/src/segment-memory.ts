import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SdError, systemClock, toError } from '@sd/core'
import { ChangeBell } from './change-bell.ts'
import { ChangeLog, type LoggedChange } from './change-log.ts'
import { findDamage } from './find-damage.ts'
import { nameGrave } from './grave.ts'
import { LmdbStore, type ReadOptions } from './lmdb-store.ts'
import { DEFAULT_SIZE } from './options.ts'
import { retryDelay } from './retry-delay.ts'
import { damagedError, destroyedError, explainStoreError, foreignError } from './segment-errors.ts'
import { findForeignFile, findUnsafeFile } from './segment-files.ts'
import { isGone, isKnownAlive, parseOwner, type SegmentOwner, type SegmentUser } from './segment-owner.ts'
import { decodeValue } from './segment-value.ts'
import type { WriteGate } from './write-gate.ts'
import { WriteQueue } from './write-queue.ts'

/** Of what is in the file. */
const FORMAT = 'sd-shm 1'

/** Pages that are copied while something is changed, and for the lists of free ones. Bytes. */
const WORKING_ROOM = 64 * 1024

/** How long the end of a process waits for others who write. Milliseconds. */
const EXIT_PATIENCE = 100

/** By how much the file of a large segment grows before it is looked for readers that have died. Bytes. */
const READER_CHECK_GROWTH = 1024 * 1024

/** Between two looks at least. Milliseconds. */
const READER_CHECK_INTERVAL = 1000

const metaKeys = {
  format: Buffer.from('format'),
  /** The boot of the machine in which it was made: memory does not outlive it. */
  boot: Buffer.from('boot'),
  size: Buffer.from('size'),
  /** Who removes the segment. Once it is there, it stays. */
  remover: Buffer.from('remover'),
  owners: { start: Buffer.from('owner.'), end: Buffer.from('owner/') },
  /** Processes that have closed it, each once. */
  former: { start: Buffer.from('former.'), end: Buffer.from('former/') },
}

/** What a write may do, within a transaction. */
export interface Writer {
  read(key: Buffer): Buffer | undefined
  /** @throws SdError `SD_SHM_FULL`. */
  put(key: Buffer, value: Buffer): void
  delete(key: Buffer): void
}

/** The end of an attempt to open a segment. */
export type Registration = 'registered' | 'being removed'

/**
 * One segment as one thread has it open, once: LMDB must not open a file twice in a process. {@link sharedMemories}
 * counts who uses it.
 *
 * **Who may remove it.** Nobody but its remover, who is named in the segment itself: by a write transaction, so there
 * is one, and a transaction that registers an owner sees it. A remover that has died is replaced, again by a
 * transaction. The directory is moved away within the gate, which lies in it, and it is opened within the gate: who
 * opens it finds all its files or none, and who moves it away moves the very one that it has open.
 */
export class SegmentMemory {
  readonly name: string
  readonly directory: string
  readonly bell: ChangeBell
  readonly log: ChangeLog
  readonly store: LmdbStore
  readonly #self: SegmentOwner
  readonly #ownerKey: Buffer
  readonly #formerKey: Buffer
  readonly #handle: number
  readonly #gate: WriteGate
  readonly #queue: WriteQueue<Writer>
  #size = DEFAULT_SIZE
  #lastReaderCheck = Number.NEGATIVE_INFINITY
  #checkedSize = 0
  #isClosed = false

  /**
   * To be called within the gate.
   *
   * @param handle - the open directory: as long as it is open, nothing else gets its inode.
   * @throws as {@link explainStoreError}.
   */
  constructor(name: string, directory: string, handle: number, self: SegmentOwner, gate: WriteGate) {
    this.name = name
    this.directory = directory
    this.#self = self
    this.#gate = gate
    this.#handle = handle
    this.#ownerKey = Buffer.from(`owner.${self.pid}.${self.startTime}.${self.thread}`)
    this.#formerKey = Buffer.from(`former.${self.pid}.${self.startTime}`)
    refuseDamaged(name, directory, self)
    try {
      this.store = new LmdbStore(directory, DEFAULT_SIZE)
    } catch (error) {
      throw explainStoreError(name, directory, error)
    }
    this.log = new ChangeLog(this.store.log)
    this.bell = new ChangeBell(join(directory, 'data.mdb'))
    this.#queue = new WriteQueue({ name, gate, commit: (actions) => this.#commit(actions) }, systemClock)
  }

  /** Whether it is still where it was: who opens it would otherwise get another one. */
  isInPlace(): boolean {
    return this.store.isInPlace()
  }

  /**
   * Runs what must be done in one turn of the event loop, within the gate, as soon as nobody else is in.
   *
   * @param timeout - milliseconds.
   * @throws SdError `SD_SHM_BUSY`.
   */
  async inGate<Result>(timeout: number, action: () => Result): Promise<Result> {
    for (let look = 0; !this.#gate.tryEnter(); look++) {
      if (this.#gate.isStuck(timeout)) throw this.#gate.busyError(this.name, timeout)
      await retryDelay(look)
    }
    try {
      return action()
    } finally {
      this.#gate.leave()
    }
  }

  /**
   * Within the gate: enters this thread among the owners, and makes the segment what it is if it is new.
   *
   * @param size - undefined: as it is.
   */
  register(size: number | undefined): Registration {
    const { meta } = this.store
    return this.#inTransaction(() => {
      if (meta.getBinary(metaKeys.remover)) return 'being removed'
      const format = meta.getBinary(metaKeys.format)?.toString()
      if (format === undefined) {
        meta.putSync(metaKeys.format, Buffer.from(FORMAT), 0)
      } else if (format !== FORMAT) {
        throw damagedError(
          this.name,
          this.directory,
          `it was made by another version of @sd/shm ("${format}")`,
        )
      }
      this.#forgetEarlierBoot()
      const present = readSize(meta.getBinary(metaKeys.size)) ?? (size === undefined ? DEFAULT_SIZE : 0)
      this.#size = Math.max(present, size ?? 0)
      if (this.#size !== present || !meta.getBinary(metaKeys.size)) {
        meta.putSync(metaKeys.size, Buffer.from(String(this.#size)), 0)
      }
      for (const range of [metaKeys.owners, metaKeys.former]) {
        for (const { key, value } of [...meta.getRange(range)]) {
          if (isGone(parseOwner(value), this.#self)) meta.removeSync(key)
        }
      }
      meta.putSync(this.#ownerKey, Buffer.from(JSON.stringify(this.#self)), 0)
      return 'registered'
    })
  }

  /**
   * Writes in turn with this thread's other writes.
   *
   * @param timeout - milliseconds.
   * @throws what `action` throws; SdError `SD_SHM_BUSY`, `SD_SHM_DESTROYED`, `SD_SHM_FULL`.
   */
  write<Result>(timeout: number, action: (writer: Writer) => Result): Promise<Result> {
    return this.#queue.write(timeout, action)
  }

  /** @throws SdError `SD_SHM_DESTROYED`. Within a read, or a write. */
  refuseIfRemoved(options?: ReadOptions): void {
    if (this.store.meta.getBinary(metaKeys.remover, options)) throw destroyedError(this.name)
  }

  /**
   * For what somebody has removed without `destroy`: a person, or systemd-logind, which empties /dev/shm of a user who logs
   * out (RemoveIPC of logind.conf).
   *
   * @throws SdError `SD_SHM_DESTROYED`.
   */
  refuseIfReplaced(): void {
    if (!this.isInPlace()) throw destroyedError(this.name)
  }

  /** Reads from one snapshot. */
  read<Result>(action: (snapshot: ReadOptions) => Result): Result {
    try {
      return this.store.read(action)
    } catch (error) {
      throw explainStoreError(this.name, this.directory, error)
    }
  }

  /** @throws SdError `SD_SHM_DAMAGED`. */
  decode(key: string, value: Buffer): unknown {
    try {
      return decodeValue(value)
    } catch (cause) {
      const why = `the value of ${JSON.stringify(key)} cannot be read (${toError(cause).message})`
      throw damagedError(this.name, this.directory, why)
    }
  }

  get size(): number {
    return this.read((snapshot) => readSize(this.store.meta.getBinary(metaKeys.size, snapshot))) ?? this.#size
  }

  /** Who has it open, and has not ended, in the order of their pids. */
  owners(): SegmentOwner[] {
    return this.#listLiving(metaKeys.owners)
  }

  /** Who has it open, and which other processes had it and still run. */
  users(): SegmentUser[] {
    const owners = this.owners()
    const former = this.#listLiving(metaKeys.former).filter(
      ({ pid, startTime }) => !owners.some((owner) => owner.pid === pid && owner.startTime === startTime),
    )
    return [
      ...owners.map((owner) => ({ ...owner, isOpen: true })),
      ...former.map((owner) => ({ ...owner, isOpen: false })),
    ]
  }

  #listLiving(range: { readonly start: Buffer; readonly end: Buffer }): SegmentOwner[] {
    const owners = this.read((snapshot) =>
      Array.from(this.store.meta.getRange({ ...range, ...snapshot }), ({ value }) => parseOwner(value)),
    )
    return owners
      .filter((owner) => !isGone(owner, this.#self))
      .sort((a, b) => a.pid - b.pid || a.thread - b.thread)
  }

  /**
   * Within the gate: ends the segment and moves it out of the way, unless somebody else who lives does so.
   *
   * @param isWanted - asked within the transaction that decides, with who has it open, and who had it.
   * @returns where it is now, to be removed; undefined: it was not moved.
   */
  condemn(
    isWanted: (owners: readonly SegmentOwner[], former: readonly SegmentOwner[]) => boolean,
  ): string | undefined {
    if (!this.#becomeRemover(isWanted) || !this.isInPlace()) return undefined
    // What a crash leaves here, `cleanSegments` removes.
    const grave = join(dirname(this.directory), nameGrave(this.name, this.#self))
    renameSync(this.directory, grave)
    // It has gone with the directory.
    this.#gate.forget()
    return grave
  }

  /** @param timeout - milliseconds that it may take to leave the list of owners. */
  async close(timeout: number): Promise<void> {
    const leave = this.write(timeout, () => this.#leaveOwners())
    // Destroyed, or nobody can write: who is gone is seen all the same.
    await leave.catch(() => {})
    await this.abandon(timeout)
  }

  /** Closes it without leaving the list of owners. */
  async abandon(timeout: number): Promise<void> {
    // Who closes last destroys LMDB's lock, and must not do so while somebody opens it.
    await this.inGate(timeout, () => this.#closeFile()).catch(() => this.#closeFile())
  }

  /** The same as {@link close} when the process ends, and nothing can be awaited any more. */
  closeAtExit(): void {
    const isIn = this.#gate.enterSoon(EXIT_PATIENCE)
    try {
      if (isIn) this.store.write(() => this.#leaveOwners())
    } catch {
      // It has been damaged, or memory is full. It ends anyway.
    }
    this.#closeFile()
    if (isIn) this.#gate.leave()
  }

  /** Within a write. The process may open it again, also as what an `execve` makes of it. */
  #leaveOwners(): void {
    this.store.meta.removeSync(this.#ownerKey)
    this.store.meta.putSync(this.#formerKey, Buffer.from(JSON.stringify(this.#self)), 0)
  }

  #closeFile(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.store.close()
    closeSync(this.#handle)
  }

  #becomeRemover(
    isWanted: (owners: readonly SegmentOwner[], former: readonly SegmentOwner[]) => boolean,
  ): boolean {
    const { meta, entries, log } = this.store
    return this.#inTransaction(() => {
      const remover = meta.getBinary(metaKeys.remover)
      if (remover && !isGone(parseOwner(remover), this.#self)) return false
      const [owners, former] = [metaKeys.owners, metaKeys.former].map((range) =>
        Array.from(meta.getRange(range), ({ value }) => parseOwner(value)),
      ) as [SegmentOwner[], SegmentOwner[]]
      if (!remover && !isWanted(owners, former)) return false
      meta.putSync(metaKeys.remover, Buffer.from(JSON.stringify(this.#self)), 0)
      // Who still has it open finds it empty.
      for (const table of [entries, log]) table.clearSync()
      return true
    })
  }

  #commit(actions: readonly ((writer: Writer) => unknown)[]): unknown[] {
    this.#checkReaders()
    return this.#inTransaction((transaction) => {
      this.refuseIfRemoved()
      this.refuseIfReplaced()
      const changes: LoggedChange[] = []
      const writer = this.#createWriter(transaction, changes)
      const results = actions.map((action) => action(writer))
      this.log.append(transaction, changes)
      return results
    })
  }

  #createWriter(transaction: number, changes: LoggedChange[]): Writer {
    const { store } = this
    const { entries } = store
    let added = 0
    return {
      read: (key) => entries.getBinary(key),
      put: (key, value) => {
        const old = entries.getBinary(key)
        const bytes = key.length + value.length
        const isGrowth = old === undefined || old.length < value.length
        if (isGrowth) {
          this.#refuseIfFull(added, bytes)
          added += bytes
        }
        store.makeRoom(bytes, isGrowth)
        entries.putSync(key, value, transaction)
        changes.push([old === undefined ? 'c' : 'u', key.toString()])
      },
      delete: (key) => {
        store.makeRoom(0, false)
        entries.removeSync(key)
        changes.push(['d', key.toString()])
      },
    }
  }

  /** What makes nothing larger is always allowed: a full segment can be emptied. */
  #refuseIfFull(added: number, more: number): void {
    const { store } = this
    const wanted = added + more + WORKING_ROOM
    if (store.fileSize + wanted <= this.#size) return
    this.#size = readSize(store.meta.getBinary(metaKeys.size)) ?? this.#size
    const used = store.usedBytes()
    if (used + more + WORKING_ROOM <= this.#size) return
    const message =
      `The shared memory "${this.name}" is full: ${more} bytes do not fit, ${used} of ${this.#size} are used. ` +
      'Nothing was changed. Delete what is not needed any more, or open it with a larger "size".'
    throw new SdError('SD_SHM_FULL', message, { segment: this.name, size: this.#size, used, wanted: more })
  }

  /** A reader that was killed while it read keeps all pages that were freed since. */
  #checkReaders(): void {
    const { fileSize } = this.store
    if (fileSize < this.#checkedSize + Math.min(READER_CHECK_GROWTH, this.#size / 8)) return
    const now = systemClock.now()
    if (now - this.#lastReaderCheck < READER_CHECK_INTERVAL) return
    this.#lastReaderCheck = now
    this.#checkedSize = fileSize
    this.store.checkReaders()
  }

  #inTransaction<Result>(action: (transaction: number) => Result): Result {
    try {
      return this.store.write(action)
    } catch (error) {
      throw explainStoreError(this.name, this.directory, error)
    }
  }

  #forgetEarlierBoot(): void {
    const { meta, entries, log } = this.store
    const boot = meta.getBinary(metaKeys.boot)?.toString()
    if (boot === this.#self.boot) return
    if (boot !== undefined) {
      for (const table of [entries, log]) table.clearSync()
      for (const range of [metaKeys.owners, metaKeys.former]) {
        for (const key of [...meta.getKeys(range)]) meta.removeSync(key)
      }
    }
    meta.putSync(metaKeys.boot, Buffer.from(this.#self.boot), 0)
  }
}

/** Opens the directory and makes sure that it is one, of this user, and a segment's. */
export function openDirectory(name: string, directory: string): number {
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    const { uid } = fstatSync(handle)
    if (process.getuid !== undefined && uid !== process.getuid()) {
      const message = `The shared memory "${name}" in ${directory} belongs to user id ${uid}: it is not used.`
      throw new SdError('SD_SHM_DIRECTORY', message, { segment: name, directory })
    }
    const foreign = findForeignFile(directory)
    if (foreign !== undefined) throw foreignError(name, directory, foreign)
    return handle
  } catch (error) {
    closeSync(handle)
    throw error
  }
}

/** Whether the directory that is open is still the one of that name. */
export function isInPlace(directory: string, handle: number): boolean {
  const found = lstatSync(directory, { bigint: true, throwIfNoEntry: false })
  const own = fstatSync(handle, { bigint: true })
  return found !== undefined && found.ino === own.ino && found.dev === own.dev
}

/** LMDB does not survive what it takes for its own and is not, or not any more. */
function refuseDamaged(name: string, directory: string, self: SegmentOwner): void {
  const isInUse = (key: string, value: string): boolean =>
    key.startsWith('owner.') && isKnownAlive(parseOwner(Buffer.from(value)), self)
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  for (let look = 1; ; look++) {
    let problem: string | undefined
    try {
      problem =
        findUnsafeFile(directory) ?? findDamage(join(directory, 'data.mdb'), { table: 'meta', isInUse })
    } catch (error) {
      throw explainStoreError(name, directory, error)
    }
    if (problem === undefined) return
    if (look === LOOKS) throw damagedError(name, directory, problem)
    Atomics.wait(nothing, 0, 0, LOOK_AGAIN)
  }
}

/**
 * The gate of a killed process may once in a long while let two in ({@link WriteGate}): then the file changes while it is looked
 * at. What is damaged stays so.
 */
const LOOKS = 3

/** Longer than a write takes. Milliseconds. */
const LOOK_AGAIN = 5

/** Bytes. @throws Error for what is no size. */
function readSize(bytes: Buffer | undefined): number | undefined {
  if (bytes === undefined) return undefined
  const size = Number(bytes.toString())
  if (!Number.isSafeInteger(size) || size <= 0) throw new Error('its size is none')
  return size
}
