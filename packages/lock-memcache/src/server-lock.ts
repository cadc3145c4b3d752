import { type Clock, SdError } from '@sd/core'
import { type LockClaim, type LockHolder, parseHolder } from '@sd/lock'
import { Connection, type MemcacheAnswer } from './connection.ts'
import { connectionError, isTransient } from './connection-error.ts'
import { expirySeconds } from './expiry.ts'
import type { LockKeys } from './lock-keys.ts'
import { incrementExtras, opcodes, statuses, storeExtras } from './protocol.ts'
import type { ServerAddress } from './server-address.ts'

/** Whose lock it is on one server. */
export type Standing = 'own' | 'free' | 'other'

/** What came of taking it on one server. */
export interface Taking {
  readonly standing: Standing
  /** Who has it, or had it before. */
  readonly holder?: LockHolder
  /** Whether it must be looked at again to tell. */
  readonly undecided?: boolean
}

/** The record on a server. */
interface Found {
  readonly holder: LockHolder
  readonly cas: Buffer
}

/** Of a number, as memcached answers with it. Bytes. */
const COUNTER_SIZE = 8

/** How often an operation is tried within its time. After a doubtful answer a new try begins by reading. */
const TRIES = 3

/**
 * By how much memcached says that it runs longer than it does: it begins with 2, and counts seconds of the clock, the first
 * of which may be over at once. Seconds.
 */
const UPTIME_AHEAD = 3

/**
 * One lock on one server, for one lease. Operations run one after the other, each within its own time, over
 * connections that are made when there is none.
 *
 * Nothing is ever written or deleted unless the item is still the one that was seen: what is delayed on its way, and
 * arrives when somebody else has the lock, does nothing.
 */
export class ServerLock {
  readonly #address: ServerAddress
  readonly #keys: LockKeys
  readonly #clock: Clock
  #connection: Connection | undefined
  /** The number of one's own record as it is now; undefined: not known. */
  #cas: Buffer | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false
  /** The connection over which the server has said that it runs for long enough. */
  #settled: Connection | undefined
  /** Told when a connection has ended by itself. */
  onDisconnect: (() => void) | undefined

  constructor(address: ServerAddress, keys: LockKeys, clock: Clock) {
    this.#address = address
    this.#keys = keys
    this.#clock = clock
  }

  get name(): string {
    return this.#address.name
  }

  /** Takes it if it is free, or if who has it is gone. The record is a draft until its token is known. */
  take(claim: LockClaim, quarantine: number, until: number): Promise<Taking> {
    const draft = claim.toHolder(0)
    return this.#inTurn(until, async (connection, limit) => {
      for (;;) {
        const found = await this.#read(connection, limit)
        if (found?.holder.id === claim.id) {
          this.#cas = found.cas
          return { standing: 'own' }
        }
        const holder = found?.holder
        const verdict = holder && claim.judge(holder)
        if (verdict === 'alive' || verdict === 'unknown') {
          return { standing: 'other', holder: holder!, undecided: verdict === 'unknown' }
        }
        if (!found && !(await this.#isSettled(connection, quarantine, limit)))
          return { standing: 'free', undecided: true }
        if ((await this.#store(connection, draft, found?.cas, limit)) === 'own')
          return { standing: 'own', ...(holder && { holder }) }
        // Somebody was faster: look again.
      }
    })
  }

  /** Writes one's own record anew, and so puts its expiry off. */
  write(holder: LockHolder, until: number): Promise<Standing> {
    return this.#inTurn(until, async (connection, limit) => {
      for (;;) {
        const standing = await this.#look(holder.id, connection, limit)
        if (standing !== 'own') return standing
        if ((await this.#store(connection, holder, this.#cas, limit)) === 'own') return 'own'
      }
    })
  }

  /** Writes the record of a lease that a majority has, where it is missing. */
  restore(holder: LockHolder, until: number): Promise<Standing> {
    return this.#inTurn(until, (connection, limit) => this.#store(connection, holder, undefined, limit))
  }

  /** Reads whose it is. */
  check(id: string, until: number): Promise<Standing> {
    return this.#inTurn(until, async (connection, limit) => {
      this.#cas = undefined
      return this.#look(id, connection, limit)
    })
  }

  /** Deletes one's own record. */
  remove(id: string, until: number): Promise<void> {
    return this.#inTurn(until, async (connection, limit) => {
      while ((await this.#look(id, connection, limit)) === 'own') {
        const cas = this.#cas!
        this.#cas = undefined
        const request = { opcode: opcodes.delete, key: this.#keys.record, cas }
        const { status } = await connection.request(request, limit)
        if (status === statuses.ok || status === statuses.notFound) return
        if (status !== statuses.exists) throw this.#refused('delete', status)
      }
    })
  }

  /**
   * Raises the token's counter. Done twice because an answer was lost, it leaves a gap.
   *
   * @param initial - where it begins when the server does not know it.
   * @returns what it is now.
   */
  count(amount: number, initial: number, until: number): Promise<number> {
    const request = {
      ...{ opcode: opcodes.increment, key: this.#keys.token },
      extras: incrementExtras(amount, initial),
    }
    return this.#inTurn(until, async (connection, limit) => {
      const { status, value } = await connection.request(request, limit)
      if (status === statuses.notANumber) throw this.#foreign(this.#keys.token)
      if (status !== statuses.ok) throw this.#refused('count', status)
      if (value.length !== COUNTER_SIZE)
        throw connectionError(this.name, 'does not speak its binary protocol')
      const token = Number(value.readBigUInt64BE())
      // Beyond that the next one would be the same.
      if (token >= Number.MAX_SAFE_INTEGER) throw this.#foreign(this.#keys.token)
      return token
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connection?.close()
    await this.#turn.catch(() => {})
  }

  async #look(id: string, connection: Connection, until: number): Promise<Standing> {
    if (this.#cas) return 'own'
    const found = await this.#read(connection, until)
    if (!found) return 'free'
    if (found.holder.id !== id) return 'other'
    this.#cas = found.cas
    return 'own'
  }

  async #read(connection: Connection, until: number): Promise<Found | undefined> {
    const { record } = this.#keys
    const { status, value, cas } = await connection.request({ opcode: opcodes.get, key: record }, until)
    if (status === statuses.notFound) return undefined
    if (status !== statuses.ok) throw this.#refused('get', status)
    const holder = parseHolder(value.toString())
    if (holder) return { holder, cas }
    throw this.#foreign(record)
  }

  /** @param cas - of what is to be overwritten; undefined: nothing, the item must not be there. */
  async #store(
    connection: Connection,
    holder: LockHolder,
    cas: Buffer | undefined,
    until: number,
  ): Promise<Standing> {
    this.#cas = undefined
    const answer = await connection.request(
      {
        opcode: cas ? opcodes.set : opcodes.add,
        key: this.#keys.record,
        extras: storeExtras(expirySeconds(holder.ttl)),
        value: JSON.stringify(holder),
        ...(cas && { cas }),
      },
      until,
    )
    if (answer.status === statuses.exists) return 'other'
    if (answer.status === statuses.notFound) return 'free'
    if (answer.status !== statuses.ok) throw this.#refused('store', answer.status)
    this.#cas = this.#requireCas(answer)
    return 'own'
  }

  #requireCas({ cas }: MemcacheAnswer): Buffer {
    if (cas.some((byte) => byte !== 0)) return cas
    const message = `memcached at ${this.name} runs without compare-and-swap (its option -C), and so cannot keep a lock. Start it without -C.`
    throw new SdError('SD_LOCK_MEMCACHE_NO_CAS', message, { server: this.name })
  }

  /** Whether the server runs for so long that who had the lock before it was started has noticed. */
  async #isSettled(connection: Connection, quarantine: number, until: number): Promise<boolean> {
    if (quarantine === 0 || this.#settled === connection) return true
    const uptime = await connection.readUptime(until)
    if ((uptime - UPTIME_AHEAD) * 1000 < quarantine) return false
    this.#settled = connection
    return true
  }

  #inTurn<Result>(
    until: number,
    operation: (connection: Connection, until: number) => Promise<Result>,
  ): Promise<Result> {
    const run = async (): Promise<Result> => {
      try {
        return await this.#tryUntil(until, operation)
      } finally {
        // What was asked after the end, or went on over it.
        if (this.#isClosed) await this.#connection?.close()
      }
    }
    const turn = this.#turn.then(run, run)
    this.#turn = turn
    return turn
  }

  async #tryUntil<Result>(
    until: number,
    operation: (connection: Connection, until: number) => Promise<Result>,
  ): Promise<Result> {
    for (let left = TRIES; ; left--) {
      const now = this.#clock.now()
      if (now >= until) throw connectionError(this.name, 'was not asked in time')
      // Time is left to read back what became of a try.
      const limit = now + (until - now) / left
      try {
        return await operation(await this.#connect(limit), limit)
      } catch (error) {
        this.#cas = undefined
        if (left === 1 || this.#isClosed || !isTransient(error)) throw error
      }
    }
  }

  async #connect(until: number): Promise<Connection> {
    if (this.#connection && !this.#connection.hasEnded) return this.#connection
    const connection = new Connection(this.#address, this.#clock, () => this.onDisconnect?.())
    this.#connection = connection
    await connection.open(until)
    return connection
  }

  #foreign(key: string): SdError {
    const message = `The item "${key}" of memcached at ${this.name} is no lock's. Give the lock a prefix of its own (option "prefix"), or delete that item.`
    return new SdError('SD_LOCK_MEMCACHE_FOREIGN', message, { server: this.name, key })
  }

  #refused(what: string, status: number): SdError {
    const remedy =
      status === statuses.outOfMemory
        ? 'It has no memory left: give it more (-m).'
        : 'Is it a memcached that speaks the binary protocol?'
    const message = `memcached at ${this.name} refused to ${what} (status ${status}). ${remedy}`
    return new SdError('SD_LOCK_MEMCACHE_REFUSED', message, { server: this.name, status })
  }
}
