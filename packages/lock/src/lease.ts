import { randomUUID } from 'node:crypto'
import { type Clock, SdError, systemClock, type Timer, toError } from '@sd/core'
import { readOwnPlace } from '@sd/core/own-place'
import type { LockAttempt, LockBackend, LockClaim, LockTraits } from './backend.ts'
import { canHandOver, isHandedOver, RESTART_ALLOWANCE } from './handed-over.ts'
import { heldLeases } from './held-leases.ts'
import type { RenewalData } from './hold-lease.ts'
import { describeHolder, heldError, type LockHolder } from './holder.ts'
import { Judge } from './judge.ts'
import { type LeaseInput, type LeaseState, nextLeaseState } from './lease-state.ts'
import { pollDelay } from './poll-delay.ts'
import { RenewalCell } from './renewal-cell.ts'
import { RENEWAL_SHARE, retryAfter } from './renewal-times.ts'
import { withinLimit } from './within-limit.ts'

/** How to take a lock. */
export interface AcquireOptions {
  /** The lock's name: what must be single. */
  name: string
  /** How long the lock stays one's own without being renewed. Milliseconds. */
  ttl: number
  /** How long to wait while somebody else has it. Milliseconds. @default 0 */
  wait?: number
  /** Ends the waiting. */
  signal?: AbortSignal
  /** Told what is waited for: who has the lock, or why that cannot be known now. Each once, so that it fills no log. */
  onWaiting?: (message: string) => void
}

/** An iteration that begins within this time of a renewal relies on it: a tight loop asks 20 times a second. Milliseconds. */
const FRESH = 50

/** How long it is looked without a word whether a holder still lives, by who does not want to wait. Milliseconds. */
const SILENT_LOOKS = 500

/** What is said of a lease that was not renewed in time. */
const OVERSLEPT = 'it could not be renewed within its ttl'

/** What is said of a lock that the backend no longer has under this lease. */
const TAKEN = 'somebody has taken it over, or removed it'

/**
 * A lock that is held for a while, and renewed for as long as one wants: `free -> held -> lost | released`.
 * It serves once; for another time make another one.
 *
 * It never pretends: whatever goes wrong, {@link Lease.isStillMine} is false, and `signal` aborted, before anybody
 * else can have the lock. What is done in the moment between asking and acting only a fencing token protects:
 * hand `token` to what you write to, and have it refuse a lower one than it has seen.
 *
 * @example
 * ```ts
 * const lease = new Lease()
 * await lease.acquire(nullLockBackend(), { name: 'import', ttl: 5000, wait: 1000 })
 * try {
 *   if (lease.isStillMine()) console.log(`fenced with ${lease.token}`)
 * } finally {
 *   await lease.release()
 * }
 * ```
 */
export class Lease {
  readonly #clock: Clock
  readonly #onLost: (error: SdError) => void
  readonly #lost = new AbortController()
  #state: LeaseState = 'free'
  #backend: LockBackend | undefined
  #holder: LockHolder | undefined
  /** Until when nobody else can have the lock, monotonic. */
  #validUntil = 0
  /** Where another thread says that it has renewed the lease: made when there may be one. */
  #cell: RenewalCell | undefined
  #timer: Timer | undefined
  #endWatch: (() => void) | undefined
  /** The operation that is under way, or the last one. */
  #turn: Promise<unknown> = Promise.resolve()
  #renewal: Promise<boolean> | undefined
  #renewalError: Error | undefined
  #recheck = false
  #isRestarting = false

  /**
   * @param onLost - told once when the lease is lost.
   * @param clock - where time comes from. @default systemClock
   */
  constructor(onLost: (error: SdError) => void = () => {}, clock: Clock = systemClock) {
    this.#onLost = onLost
    this.#clock = clock
  }

  get state(): LeaseState {
    return this.#state
  }

  /** Aborted when the lease is lost; the reason is the error `SD_LOCK_LOST`. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * The fencing token: greater than that of every holder before.
   *
   * @throws SdError `SD_LOCK_NOT_HELD` when the lock was never held.
   */
  get token(): number {
    return this.holder.token
  }

  /** Milliseconds that the lock stays one's own without being renewed. @throws as {@link token}. */
  get ttl(): number {
    return this.holder.ttl
  }

  /** What can be relied on, and what not. @throws as {@link token}. */
  get traits(): LockTraits {
    return (this.#holder && this.#backend?.traits) ?? this.#refuse()
  }

  /** What is stored about this holder. @throws as {@link token}. */
  get holder(): LockHolder {
    return this.#holder ?? this.#refuse()
  }

  /** Whether nobody else can have the lock, by the clock alone. Costs nothing. */
  isStillMine(): boolean {
    if (this.#cell) this.#hearOthers(this.#cell)
    return this.#state === 'held' && this.#clock.now() < this.#validUntil
  }

  /**
   * Takes the lock.
   *
   * @param backend - the lease's from now on; it closes it.
   * @throws SdError `SD_LOCK_HELD` with the fact `holder`; `SD_LOCK_CANCELLED` when `signal` was aborted; whatever
   * the backend throws.
   */
  async acquire(backend: LockBackend, options: AcquireOptions): Promise<void> {
    if (this.#backend)
      throw new SdError('SD_LOCK_USED', 'A lease serves once: make a new one to take the lock again.')
    this.#backend = backend
    const id = randomUUID()
    heldLeases().add(id)
    try {
      const holder = await this.#contend(backend, options, id)
      if (holder.id !== id) heldLeases().delete(id)
      this.#holder = holder
      this.#validUntil = holder.renewedAt + holder.ttl
      if (!this.#move('acquired')) {
        // Released while it was acquired.
        await backend.release(holder)
        throw cancelledError(options.name)
      }
    } catch (error) {
      heldLeases().delete(id)
      if (this.#holder) heldLeases().delete(this.#holder.id)
      await backend.close()
      throw error
    }
    this.#scheduleRenewal(this.holder.renewedAt + this.ttl * RENEWAL_SHARE - this.#clock.now())
    this.#endWatch = backend.watch?.(() => this.#onTouched())
  }

  /**
   * Renews the lease now.
   *
   * @returns whether it is still one's own. A renewal that failed for now is tried again until the ttl is over.
   */
  renew(): Promise<boolean> {
    this.#renewal ??= this.#inTurn(() => this.#tryToRenew()).finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /** As {@link renew}, unless it was renewed a moment ago: for each iteration of a loop. */
  renewUnlessFresh(): boolean | Promise<boolean> {
    if (!this.#holder || !this.#isInTime()) return false
    return this.#clock.now() - this.#holder.renewedAt < FRESH || this.renew()
  }

  /**
   * Asks the backend whether the lock is still one's own; if not, the lease is lost.
   *
   * @throws when the backend cannot say.
   */
  async check(): Promise<boolean> {
    await this.#inTurn(async () => {
      if (!this.#isInTime()) return
      const limit = this.#validUntil - this.#clock.now()
      const ask = (): Promise<boolean> => this.#backend!.check(this.holder)
      const isMine = await withinLimit(this.#clock, `check ${this.#label}`, limit, ask)
      if (!isMine) this.#lose(TAKEN)
    })
    return this.isStillMine()
  }

  /**
   * Gives the lock back, if it is still one's own. Idempotent.
   *
   * @throws what the backend throws; then the lock is free when its ttl is over.
   */
  async release(): Promise<void> {
    const wasHeld = this.#state === 'held'
    if (!this.#move('release')) return void (await this.#turn.catch(() => {}))
    this.#endTimers()
    if (!wasHeld) return
    await this.#inTurn(async () => {
      const give = (): Promise<void> => this.#backend!.release(this.holder)
      try {
        await withinLimit(this.#clock, `release ${this.#label}`, this.ttl, give)
      } finally {
        heldLeases().delete(this.holder.id)
        await this.#backend!.close()
      }
    })
  }

  /**
   * Lets the lease go without giving the lock back: for when what it protects may still be under way. The lock is
   * free when the ttl is over, or the process has ended.
   */
  abandon(): void {
    if (this.#state === 'held') this.#end('its work did not end in time')
  }

  /**
   * Keeps the lease, from now on until it is released, for the program that takes this one's place in the same process
   * (`execve`): that one takes it up when it acquires the same lock, token included. It has a minute for that; who does
   * not take it up by then is taken over from. Until the process is replaced it goes on being renewed.
   *
   * What the backend does not store now is tried again, as any renewal.
   *
   * @returns whether it is kept. Not, where it is not held, or processes cannot be told apart here.
   */
  async handOver(): Promise<boolean> {
    if (this.#state !== 'held' || !canHandOver(this.holder)) return false
    this.#isRestarting = true
    await this.#inTurn(() => this.#tryToRenew())
    return this.#state === 'held'
  }

  /**
   * What another thread of this process needs to renew the lease while this one is stopped: see {@link holdLease}. The
   * lease finds out by itself what was renewed. Undefined while it is not held.
   */
  renewalData(): Omit<RenewalData, 'place'> | undefined {
    if (this.#state !== 'held') return undefined
    if (!this.#cell) {
      this.#cell = new RenewalCell()
      this.#cell.note(this.holder)
    }
    return { holder: this.holder, buffer: this.#cell.buffer }
  }

  async #contend(backend: LockBackend, options: AcquireOptions, id: string): Promise<LockHolder> {
    const { name, wait = 0, signal, onWaiting } = options
    const { ttlStep, leastTtl } = backend.traits
    const ttl = Math.ceil(Math.max(options.ttl, leastTtl) / ttlStep) * ttlStep
    const own = readOwnPlace()
    const judge = new Judge(own, () => this.#clock.now())
    const begin = this.#clock.now()
    const told = new Set<string>()
    const tellOnce = (about: string, message: string): void => {
      if (!told.has(about)) onWaiting?.(message)
      told.add(about)
    }
    for (let round = 0; ; round++) {
      if (signal?.aborted || this.#state !== 'free') throw cancelledError(name)
      const startedAt = this.#clock.now()
      const now = this.#clock.date()
      const toHolder = (token: number): LockHolder => ({
        ...own,
        ...{ id, name, token, ttl, since: now.toISOString(), renewals: 0, renewedAt: startedAt },
      })
      const claim: LockClaim = {
        ...{ name, id, ttl, startedAt, toHolder },
        firstToken: now.getTime(),
        judge: (holder) => judge.judge(holder),
      }
      const waited = (): number => this.#clock.now() - begin
      const mayWait = (): boolean => waited() < wait
      const onFailure = (error: Error): void =>
        tellOnce('failure', `Waiting for the lock "${name}": ${error.message}`)
      const attempt = await this.#attempt(backend, claim, mayWait, onFailure, signal)
      if (attempt?.token !== undefined) return toHolder(attempt.token)
      if (attempt?.holder && isHandedOver(attempt.holder, own)) {
        const adopted = await this.#adopt(backend, attempt.holder, ttl)
        if (adopted) return adopted
        continue
      }
      if (attempt && !attempt.undecided && !mayWait()) {
        throw heldError(name, backend.place, attempt.holder, backend.traits.provesDeath)
      }
      const who = attempt?.holder ? describeHolder(attempt.holder) : 'somebody'
      if (attempt && wait > 0) {
        tellOnce('holder', `Waiting for the lock "${name}", which is held by ${who}`)
      } else if (attempt?.holder && waited() > SILENT_LOOKS) {
        const message = `Looking whether the lock "${name}" is still held by ${who}: it has ${attempt.holder.ttl} ms to renew it`
        tellOnce('holder', message)
      }
      await this.#sleep(pollDelay(round, Math.random()), signal)
    }
  }

  /**
   * Takes up what the program that this process was has handed over. It is the same lease, and so has the same token.
   *
   * @returns undefined when it is gone.
   */
  async #adopt(backend: LockBackend, found: LockHolder, ttl: number): Promise<LockHolder | undefined> {
    const { restarting: _, ...kept } = found
    const holder = { ...kept, ttl, renewals: found.renewals + 1, renewedAt: this.#clock.now() }
    heldLeases().add(holder.id)
    const adopt = (): Promise<boolean> => backend.adopt?.(found, holder) ?? backend.renew(holder)
    try {
      if (await withinLimit(this.#clock, `take up the lock "${holder.name}"`, ttl, adopt)) return holder
    } catch (error) {
      heldLeases().delete(holder.id)
      throw error
    }
    heldLeases().delete(holder.id)
    return undefined
  }

  /** @returns undefined when it failed for the moment. */
  async #attempt(
    backend: LockBackend,
    claim: LockClaim,
    mayWait: () => boolean,
    onFailure: (error: Error) => void,
    signal: AbortSignal | undefined,
  ): Promise<LockAttempt | undefined> {
    let ended: Promise<unknown> = Promise.resolve()
    const acquire = (): Promise<LockAttempt> => {
      const attempt = backend.acquire(claim)
      ended = attempt.catch(() => {})
      return attempt
    }
    // What comes too late is given back.
    let givingBack: Promise<void> | undefined
    const giveBack = ({ token }: LockAttempt): void => {
      if (token !== undefined) givingBack = backend.release(claim.toHolder(token)).catch(() => {})
    }
    try {
      return await withinLimit(this.#clock, `acquire the lock "${claim.name}"`, claim.ttl, acquire, giveBack)
    } catch (thrown) {
      const error = toError(thrown) as Partial<SdError> & Error
      const isLate = error.code === 'SD_LOCK_TIMEOUT'
      if (!((isLate || ('transient' in error && error.transient === true)) && mayWait())) throw error
      onFailure(error)
      // A process that was stopped meanwhile, or a file server that hangs. Never two operations at a time.
      const isOver = ended.then(() => givingBack)
      if (isLate && !(await this.#outwait(isOver, mayWait, signal))) throw error
      return undefined
    }
  }

  /** Waits for what takes its time, as long as one may wait. @returns whether it is over, or nobody waits for it. */
  async #outwait(
    operation: Promise<unknown>,
    mayWait: () => boolean,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let isOver = false
    void operation.then(() => {
      isOver = true
    })
    for (let look = 0; !isOver && mayWait(); look++) {
      if (signal?.aborted) return true
      await this.#sleep(pollDelay(look, Math.random()), signal)
    }
    return isOver
  }

  #sleep(delay: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = this.#clock.after(delay, end)
      signal?.addEventListener('abort', end)
    })
  }

  async #tryToRenew(): Promise<boolean> {
    if (!this.#isInTime()) return false
    const renewedAt = this.#clock.now()
    const next: LockHolder = {
      ...{ ...this.holder, renewals: this.holder.renewals + 1, renewedAt },
      ...(this.#isRestarting && { restarting: true, ttl: Math.max(this.ttl, RESTART_ALLOWANCE) }),
    }
    const limit = this.#validUntil - renewedAt
    let isMine: boolean
    try {
      const renew = (): Promise<boolean> => this.#backend!.renew(next)
      isMine = await withinLimit(this.#clock, `renew ${this.#label}`, limit, renew)
    } catch (thrown) {
      this.#renewalError = toError(thrown)
      if (this.#isInTime()) this.#scheduleRenewal(retryAfter(this.ttl))
      return this.isStillMine()
    }
    if (this.#state !== 'held') return false
    if (!isMine) return this.#lose(TAKEN)
    this.#renewalError = undefined
    // Another thread may have been faster, while this one was stopped in the middle of it.
    if (renewedAt >= this.holder.renewedAt) this.#takeOver(next)
    this.#cell?.note(next)
    if (!this.#isInTime()) return false
    this.#scheduleRenewal(next.ttl * RENEWAL_SHARE)
    return true
  }

  /** Never beyond the end of the ttl, so that a loss is noticed at once. */
  #scheduleRenewal(delay: number): void {
    this.#timer?.cancel()
    const left = this.#validUntil - this.#clock.now()
    this.#timer = this.#clock.after(Math.max(0, Math.min(delay, left)), () => void this.renew(), false)
  }

  #takeOver(renewed: LockHolder): void {
    this.#holder = renewed
    this.#validUntil = renewed.renewedAt + renewed.ttl
  }

  /** What another thread has done for the lease. */
  #hearOthers(cell: RenewalCell): void {
    if (this.#state !== 'held') return
    if (cell.isLost) return void this.#lose(TAKEN)
    const { renewedAt, renewals } = cell
    if (renewedAt > this.holder.renewedAt) this.#takeOver({ ...this.holder, renewedAt, renewals })
  }

  /** Whether the ttl is not over. If it is, the lease is lost, even if nobody has taken the lock yet. */
  #isInTime(): boolean {
    if (this.#cell) this.#hearOthers(this.#cell)
    if (this.#state !== 'held') return false
    if (this.#clock.now() < this.#validUntil) return true
    this.#lose(OVERSLEPT)
    return false
  }

  /** The backend saw something: checks, and once more if something happened meanwhile. */
  #onTouched(): void {
    if (this.#recheck || this.#state !== 'held') return
    this.#recheck = true
    const check = async (): Promise<void> => {
      await this.#turn.catch(() => {})
      this.#recheck = false
      await this.check()
    }
    // Where it cannot be told now, the next renewal tells.
    check().catch(() => {})
  }

  #lose(why: string): false {
    if (this.#state !== 'held') return false
    const error = this.#end(why)
    heldLeases().delete(this.holder.id)
    this.#onLost(error)
    return false
  }

  #end(why: string): SdError {
    this.#move('lose')
    this.#endTimers()
    const { name, token, ttl } = this.holder
    const { place } = this.#backend!
    const message = `The lock "${name}" is lost: ${why} (token ${token}, ttl ${ttl} ms, ${place}).`
    const cause = this.#renewalError
    const error = new SdError('SD_LOCK_LOST', message, { lock: name, place, token, ttl, cause })
    this.#lost.abort(error)
    Promise.resolve(this.#backend!.close()).catch(() => {})
    return error
  }

  #endTimers(): void {
    this.#timer?.cancel()
    this.#endWatch?.()
    this.#endWatch = undefined
  }

  /** One operation after the other. */
  #inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(operation, operation)
    this.#turn = turn
    return turn
  }

  #move(input: LeaseInput): boolean {
    const next = nextLeaseState(this.#state, input)
    if (next) this.#state = next
    return next !== undefined
  }

  #refuse(): never {
    throw new SdError('SD_LOCK_NOT_HELD', 'The lock is not held yet: it is when the daemon has been set up.')
  }

  get #label(): string {
    return `the lock "${this.holder.name}"`
  }
}

function cancelledError(name: string): SdError {
  return new SdError('SD_LOCK_CANCELLED', `The lock "${name}" is not waited for any longer.`, { lock: name })
}
