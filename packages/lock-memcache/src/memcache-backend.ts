import { type Clock, resolveOptions, SdError, systemClock, type Timer } from '@sd/core'
import type { LockAttempt, LockBackend, LockClaim, LockHolder } from '@sd/lock'
import { isTransient } from './connection-error.ts'
import { lockKeys } from './lock-keys.ts'
import { countAnswers, majorityOf, type Tally } from './majority.ts'
import { type MemcachePlace, memcacheChecks, type ResolvedPlace, resolvePlace } from './options.ts'
import { ServerLock, type Standing, type Taking } from './server-lock.ts'

/** Who has the lock is asked at most so often because connections end. Milliseconds. */
const ASK_AGAIN = 250

/**
 * A lock in memcached, for a {@link Lease} of one's own.
 *
 * @param name - the lock's.
 * @param clock - where time comes from. @default systemClock
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const lease = new Lease()
 * const backend = memcacheBackend('import', { servers: ['10.0.0.7:11211'] })
 * await lease.acquire(backend, { name: 'import', ttl: 5000 })
 * ```
 */
export function memcacheBackend(
  name: string,
  place: MemcachePlace = {},
  clock: Clock = systemClock,
): LockBackend {
  const checked = resolveOptions<MemcachePlace, object>(
    'memcacheBackend',
    'SD_LOCK_OPTIONS',
    place,
    {},
    memcacheChecks,
  )
  return new MemcacheBackend(name, resolvePlace(checked), clock)
}

/** The share of the ttl that an operation may take: so that time is left to try it again, */
const REPEATED = 1 / 4

/** or where it is not tried again. */
const ONCE = 3 / 4

/** See docs/decisions/0029: why at most one holds the lock, and when two may. */
class MemcacheBackend implements LockBackend {
  readonly traits: LockBackend['traits'] = {
    provesDeath: true,
    durable: false,
    ttlStep: 1000,
    leastTtl: 1000,
  }
  readonly place: string
  readonly #options: ResolvedPlace
  readonly #clock: Clock
  readonly #servers: readonly ServerLock[]
  /** The greatest token that was seen in a record; the counter may have been lost. */
  #seen = 0
  #onChange: (() => void) | undefined
  #nextAsk: Timer | undefined
  #lastAskAt = Number.NEGATIVE_INFINITY

  constructor(name: string, options: ResolvedPlace, clock: Clock) {
    const keys = lockKeys(options.prefix, name)
    this.#options = options
    this.#clock = clock
    this.#servers = options.servers.map((address) => new ServerLock(address, keys, clock))
    this.place = `memcached at ${this.#servers.map((server) => server.name).join(', ')}`
  }

  async acquire(claim: LockClaim): Promise<LockAttempt> {
    const until = this.#until(claim.ttl * ONCE)
    const quarantine = Math.min(this.#options.quarantine, claim.ttl)
    const takings = this.#servers.map((server) => server.take(claim, quarantine, until))
    const tally = await countAnswers(takings, ({ standing }) => standing === 'own')
    for (const { holder } of [...tally.yes, ...tally.no])
      this.#seen = Math.max(this.#seen, holder?.token ?? 0)
    try {
      if (tally.outcome === 'yes') {
        const token = await this.#number(claim, until)
        if (token !== undefined) return { token }
      }
    } catch (error) {
      await this.#withdraw(takings, claim.id, until)
      throw error
    }
    await this.#withdraw(takings, claim.id, until)
    if (tally.outcome === 'open') throw this.#unreachable(tally.errors)
    return describeRivals(tally.no, majorityOf(this.#servers.length))
  }

  async renew(holder: LockHolder): Promise<boolean> {
    const until = this.#until(holder.ttl * REPEATED)
    const answers = this.#servers.map((server) => server.write(holder, until))
    const isMine = this.#decide(await this.#count(answers))
    if (isMine) this.#restore(answers, holder, until)
    return isMine
  }

  async check({ id, ttl }: LockHolder): Promise<boolean> {
    const until = this.#until(ttl * REPEATED)
    try {
      return this.#decide(await this.#count(this.#servers.map((server) => server.check(id, until))))
    } catch (error) {
      // A server that comes back may have lost the lock: that must not wait for the next renewal.
      this.#askSoon()
      throw error
    }
  }

  async release({ id, ttl }: LockHolder): Promise<void> {
    const until = this.#until(ttl * ONCE)
    const removals = this.#servers.map((server) => server.remove(id, until))
    await Promise.allSettled(removals)
    const { outcome, errors } = await countAnswers(removals, () => true)
    if (outcome !== 'yes') throw this.#unreachable(errors)
  }

  watch(onChange: () => void): () => void {
    this.#onChange = onChange
    for (const server of this.#servers) server.onDisconnect = () => this.#askSoon()
    return () => {
      this.#onChange = undefined
      this.#nextAsk?.cancel()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
  }

  /** A server that is gone may come back with nothing: the lease is to look, and until somebody answers. */
  #askSoon(): void {
    if (this.#nextAsk || !this.#onChange) return
    const ask = (): void => {
      this.#nextAsk = undefined
      this.#lastAskAt = this.#clock.now()
      this.#onChange?.()
    }
    this.#nextAsk = this.#clock.after(this.#lastAskAt + ASK_AGAIN - this.#clock.now(), ask, false)
  }

  /**
   * Gives a lock that a majority has its token: greater than what any server of that majority has counted, and known to
   * a majority before it is used. Counters only ever rise, whatever is delayed on its way.
   *
   * @returns undefined when the lock was lost meanwhile.
   */
  async #number(claim: LockClaim, until: number): Promise<number | undefined> {
    const first = Math.max(claim.firstToken, this.#seen + 1)
    const counts = this.#servers.map(async (server) => ({
      server,
      token: await server.count(1, first, until),
    }))
    const counted = await countAnswers(counts, () => true)
    if (counted.outcome !== 'yes') throw this.#unreachable(counted.errors)
    const token = Math.max(this.#seen + 1, ...counted.yes.map((one) => one.token))
    const raised = counted.yes
      .filter((one) => one.token < token)
      .map(({ server, token: low }) => server.count(token - low, token, until))
    await Promise.all(raised)
    const holder = claim.toHolder(token)
    const stored = await this.#count(this.#servers.map((server) => server.write(holder, until)))
    return this.#decide(stored) ? token : undefined
  }

  /** Takes the own record from where it is, or may be. */
  async #withdraw(takings: readonly Promise<Taking>[], id: string, until: number): Promise<void> {
    await Promise.allSettled(
      takings.map(async (taking, index) => {
        const standing = await taking.then((answer) => answer.standing).catch(() => 'own')
        if (standing === 'own') await this.#servers[index]!.remove(id, until)
      }),
    )
  }

  /** A server that has lost a lock which the majority still has gets it back. */
  #restore(answers: readonly Promise<Standing>[], holder: LockHolder, until: number): void {
    for (const [index, answer] of answers.entries()) {
      const restore = async (): Promise<void> => {
        if ((await answer) === 'free') await this.#servers[index]!.restore(holder, until)
      }
      // The next renewal tries again.
      restore().catch(() => {})
    }
  }

  #count(answers: readonly Promise<Standing>[]): Promise<Tally<Standing>> {
    return countAnswers(answers, (standing) => standing === 'own')
  }

  #decide({ outcome, errors }: Tally<Standing>): boolean {
    if (outcome === 'open') throw this.#unreachable(errors)
    return outcome === 'yes'
  }

  #until(longest: number): number {
    return this.#clock.now() + Math.min(this.#options.timeout, longest)
  }

  #unreachable(errors: readonly Error[]): Error {
    const final = errors.find((error) => !isTransient(error))
    if (final) return final
    const found = errors.map((error) => error.message).join(' ')
    const message = `The lock cannot be used: ${found || 'its servers do not agree.'} Start memcached, or correct the option "servers".`
    const servers = this.#servers.map((server) => server.name)
    return new SdError('SD_LOCK_MEMCACHE_UNREACHABLE', message, {
      servers,
      cause: errors[0],
      transient: true,
    })
  }
}

/** Why a lock cannot be had, of which a majority says no. */
function describeRivals(answers: readonly Taking[], majority: number): LockAttempt {
  const [first] = answers.flatMap(({ holder }) => holder ?? [])
  const same = answers.filter(({ holder }) => holder && holder.id === first?.id)
  // While nobody has a majority, those who contend for it all look again.
  const undecided = same.length < majority || same.some((answer) => answer.undecided)
  return { holder: first, undecided }
}
