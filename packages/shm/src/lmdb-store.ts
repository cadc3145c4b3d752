import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as lmdb from 'lmdb'
import { open, type RootDatabase } from 'lmdb'
import { FileRoom, makeZeroFile, requireSpace } from './file-room.ts'
import { PageDemand } from './page-demand.ts'

/** What `lmdb` has and does not declare. */
interface Native {
  /** Ends the snapshot of a read transaction; the next read with it begins a new one. */
  resetTxn(address: number): void
  readonly Txn: new (environment: NativeEnvironment, flags: number) => NativeTransaction
}

/** A read transaction. */
interface NativeTransaction {
  readonly address: number
  renew(): void
  abort(): void
}

/** The part of `lmdb`'s environment that it does not declare. */
interface NativeEnvironment {
  info(): { lastPageNumber: number; lastTxnId: number; maxReaders: number; numReaders: number }
  stat(): TreeStatistics
  freeStat(): TreeStatistics
}

/** One B-tree of the file. */
export interface TreeStatistics {
  readonly pageSize: number
  readonly treeDepth: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly entryCount: number
}

/** A table: keys and values are bytes, and each value has a number beside it, its version. */
export interface Table {
  readonly db: { stat(): TreeStatistics }
  getBinary(key: Buffer, options?: ReadOptions): Buffer | undefined
  getKeys(options?: RangeOptions): Iterable<Buffer>
  getRange(options?: RangeOptions): Iterable<{ key: Buffer; value: Buffer; version?: number }>
  /** Within a write, as all below. */
  putSync(key: Buffer, value: Buffer, version: number): boolean
  removeSync(key: Buffer): boolean
  clearSync(): void
  getWriteTxnId(): number
}

/** Which part of a table. */
interface RangeOptions extends Partial<ReadOptions> {
  readonly start?: Buffer
  readonly end?: Buffer
  readonly reverse?: boolean
  readonly limit?: number
  readonly versions?: boolean
}

/** Which snapshot to read from. */
export interface ReadOptions {
  readonly transaction: NativeTransaction
}

const native = (lmdb as unknown as { nativeAddon: Native }).nativeAddon

/** Commit before returning; nothing else is needed of a transaction that is not nested. */
const COMMIT_AT_ONCE = 2

/** `MDB_RDONLY` of lmdb.h. */
const READ_ONLY = 0x20000

/**
 * Readers that can be in the file at a time: a process has one for each of its threads. A slot takes 64 bytes, of
 * memory only when it is used.
 */
const MOST_READERS = 1024

/** Of the file with the readers' slots, as LMDB makes it for so many. Bytes. */
const LOCK_FILE_SIZE = 272 + (MOST_READERS - 1) * 64

/** What a segment takes that is still empty. Bytes. */
const NEW_SIZE = 256 * 1024

/** What is left where memory runs out: enough to delete something. Pages. */
const LEAST_SPARE = 16

/**
 * The file of a segment, as three tables. This is the only place that knows `lmdb`, and its ways:
 *
 * - `mapSize` is no limit: the map grows as the file does. The limit is ours.
 * - No writable map: where memory runs out, to write to a map is SIGBUS, the end of the process; `pwrite` is an error.
 *   The file of the readers is mapped, so it is whole before LMDB sees it.
 * - It does not survive a failed write: there is room in the file before it is written to.
 * - No `fsync`: it is memory. A process that is killed loses nothing, because the system has the pages.
 * - Its asynchronous writes are not used: they print to stderr when they fail, keep the lock of all processes while
 *   they wait for a turn of the event loop, and a thread that waits for a lock keeps its process from ending.
 * - A snapshot that is kept keeps all pages that were freed since: each read ends its own at once.
 */
export class LmdbStore {
  readonly entries: Table
  readonly log: Table
  readonly meta: Table
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #environment: NativeEnvironment
  readonly #snapshot: ReadOptions
  readonly #pageSize: number
  readonly #room: FileRoom
  #demand!: PageDemand

  /**
   * To be called while nobody else opens it.
   *
   * @param directory - exists.
   */
  constructor(directory: string, mapSize: number) {
    const file = join(directory, 'data.mdb')
    const isNew = !((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0)
    if (isNew) requireSpace(directory, NEW_SIZE)
    makeZeroFile(join(directory, 'lock.mdb'), LOCK_FILE_SIZE)
    const table = { encoding: 'binary', keyEncoding: 'binary', useVersions: true } as const
    try {
      this.#root = open<Buffer, Buffer>({
        path: directory,
        noSubdir: false,
        noSync: true,
        mapSize,
        maxDbs: 4,
        maxReaders: MOST_READERS,
        // Not declared: `permissionsMode`.
        ...({ permissionsMode: 0o600 } as object),
        encoding: 'binary',
        keyEncoding: 'binary',
      } as Parameters<typeof open>[0] & { path: string }) as RootDatabase<Buffer, Buffer>
    } catch (error) {
      // Half of it would be taken for damaged.
      if (isNew) rmSync(file, { force: true })
      throw error
    }
    this.#environment = (this.#root as unknown as { env: NativeEnvironment }).env
    let room: FileRoom | undefined
    try {
      room = new FileRoom(file)
      this.#room = room
      this.#root.transactionSync(() => this.#beginWrite(this.#environment), COMMIT_AT_ONCE)
      this.entries = this.#root.openDB({ ...table, name: 'entries' }) as unknown as Table
      this.log = this.#root.openDB({ ...table, name: 'log' }) as unknown as Table
      this.meta = this.#root.openDB({ ...table, name: 'meta' }) as unknown as Table
    } catch (error) {
      room?.close()
      void this.#root.close()
      throw error
    }
    // The one that lmdb keeps itself comes with a timer for each time that it is used.
    this.#snapshot = { transaction: new native.Txn(this.#environment, READ_ONLY) }
    this.#endSnapshot()
    this.#pageSize = this.statistics().pageSize
  }

  /** Reads from one snapshot, which never waits for anybody. `action` must not wait for anything either. */
  read<Result>(action: (snapshot: ReadOptions) => Result): Result {
    try {
      return action(this.#snapshot)
    } finally {
      this.#endSnapshot()
    }
  }

  /**
   * Changes all or, when `action` throws, nothing. Waits while another process writes.
   *
   * @param action - gets the transaction's number, which is greater than all before.
   */
  write<Result>(action: (transaction: number) => Result): Result {
    return this.#root.transactionSync(() => {
      this.#beginWrite(this.entries.db)
      return action(this.entries.getWriteTxnId())
    }, COMMIT_AT_ONCE)
  }

  /**
   * Sees to it that there is memory for a change of an entry. Within {@link write}, before the change. What makes
   * nothing larger finds room where what does finds none.
   *
   * @param bytes - of the key and the value that are written; 0: it is deleted.
   * @throws the system's error.
   */
  makeRoom(bytes: number, isGrowth: boolean): void {
    const demand = this.#demand
    demand.add(bytes)
    if (!isGrowth) return this.#room.ensure(demand.size())
    try {
      this.#room.ensure(demand.size(demand.upkeep))
    } catch (error) {
      // What is free within the file will do for what makes room later.
      if (this.fileSize - this.usedBytes() < bytes * 2) throw error
      this.#room.ensure(demand.size(LEAST_SPARE))
    }
  }

  /** Whether its file is still where it was. */
  isInPlace(): boolean {
    return this.#room.isInPlace()
  }

  /** The size of the file, which never shrinks: the most that it ever took. Bytes. */
  get fileSize(): number {
    return (this.#environment.info().lastPageNumber + 1) * this.#pageSize
  }

  /** Bytes in pages that are in use. As a transaction sees it: for within {@link write}. */
  usedBytes(): number {
    const trees = [this.entries, this.log, this.meta].map((table) => table.db.stat())
    const pages = [...trees, this.#environment.stat(), this.#environment.freeStat()].reduce(
      (sum, tree) => sum + tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages,
      2, // The two meta pages.
    )
    return pages * this.#pageSize
  }

  get readers(): { now: number; most: number } {
    const { maxReaders, numReaders } = this.#environment.info()
    return { now: numReaders, most: maxReaders }
  }

  /** Frees the places of readers that have died. */
  checkReaders(): void {
    this.#root.readerCheck()
  }

  /** At once. */
  close(): void {
    this.#snapshot.transaction.abort()
    this.#room.close()
    // It is asynchronous only where asynchronous writes are.
    void this.#root.close()
  }

  /** Of the entries, and the bytes in use, as they are now. */
  statistics(): { pageSize: number; entries: number; used: number } {
    const { transaction } = this.#snapshot
    return this.read(() => {
      // What takes no transaction reads from the last one that was made.
      transaction.renew()
      const { pageSize, entryCount } = this.entries.db.stat()
      return { pageSize, entries: entryCount, used: this.usedBytes() }
    })
  }

  /** @param tree - the one that {@link makeRoom} is for. */
  #beginWrite(tree: { stat(): TreeStatistics }): void {
    const { treeDepth, treeBranchPageCount, treeLeafPageCount, pageSize } = tree.stat()
    const { lastPageNumber: lastPage } = this.#environment.info()
    const pages = treeBranchPageCount + treeLeafPageCount
    this.#demand = new PageDemand({ depth: treeDepth, pages, lastPage, pageSize })
    this.#room.ensure(this.#demand.size())
  }

  #endSnapshot(): void {
    native.resetTxn(this.#snapshot.transaction.address)
  }
}
