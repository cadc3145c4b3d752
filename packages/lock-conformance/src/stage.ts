import { type SdError, systemClock } from '@sd/core'
import { Lease, type LockHolder, nullLockBackend } from '@sd/lock'
import { type Fixture, runFixture, type Sandbox, type SideBySide } from '@sd/testing'
import { type LockModule, type LockServer, type LockSubject, type Sizes, suiteSizes } from './subject.ts'

/** What the tests of one backend work with. */
export class Stage {
  readonly subject: LockSubject
  readonly module: LockModule
  readonly sizes: Sizes
  readonly #tests: SideBySide
  readonly #servers = new Map<Sandbox, LockServer>()

  constructor(subject: LockSubject, module: LockModule, tests: SideBySide) {
    this.subject = subject
    this.module = module
    this.#tests = tests
    this.sizes = suiteSizes(subject)
  }

  /** Registers a test that waits beside others. */
  get test(): SideBySide['test'] {
    return this.#tests.test
  }

  /** Registers a test that runs by itself. */
  get alone(): SideBySide['alone'] {
    return this.#tests.alone
  }

  /** Of the test that asks. */
  get sandbox(): Sandbox {
    return this.#tests.sandbox
  }

  /** Of the test that asks. */
  get server(): LockServer {
    return this.#servers.get(this.sandbox)!
  }

  async open(): Promise<void> {
    this.#servers.set(this.sandbox, await this.subject.start(this.sandbox.dir))
  }

  async close(): Promise<void> {
    await this.server.stop()
    this.#servers.delete(this.sandbox)
  }

  /** Runs a fixture of the suite, with the module's URL and the place as its first arguments. */
  run(fixture: string, ...args: readonly (string | number)[]): Fixture {
    return this.runBehind([], fixture, ...args)
  }

  /** As {@link run}, through a command that runs Node. */
  runBehind(prefix: readonly string[], fixture: string, ...args: readonly (string | number)[]): Fixture {
    return runFixture(new URL(`./fixtures/${fixture}.ts`, import.meta.url), {
      // A daemon that loses its lock must end, also after the 10 s from which on it would come back.
      env: { ...this.sandbox.env, SD_SUPERVISED: fixture === 'restarting' ? '1' : '0' },
      prefix,
      args: [this.subject.module.href, this.server.place, ...args.map(String)],
    })
  }

  /** Takes the lock in this process. */
  async take(wait = 0, signal?: AbortSignal): Promise<Lease> {
    const lease = new Lease()
    const backend = await this.module.open(this.server.place)
    await lease.acquire(backend, { name: 'test', ttl: this.subject.ttl, wait, ...(signal && { signal }) })
    return lease
  }

  /** Puts somebody from elsewhere into the lock, whoever has it. */
  async forgeOver(token: number): Promise<LockHolder> {
    const other = await this.#example(token)
    await this.module.leaveBehind(this.server.place, { ...other, host: 'elsewhere', boot: 'another' })
    return other
  }

  /** Leaves the lock as a holder would that this process makes up. */
  async forge(changes: Partial<LockHolder>): Promise<LockHolder> {
    const lease = await this.take()
    await lease.release()
    const forged = { ...(await this.#example(lease.token + 1)), ...changes }
    await this.module.leaveBehind(this.server.place, forged)
    return forged
  }

  /** A holder as this process would be one. */
  async #example(token: number): Promise<LockHolder> {
    const lease = new Lease()
    await lease.acquire(nullLockBackend(), { name: 'forged', ttl: this.subject.ttl })
    await lease.release()
    const id = `forged-${process.hrtime.bigint()}`
    return { ...lease.holder, id, token, renewedAt: systemClock.now() }
  }
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<SdError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: SdError) => error,
  )
}

/** Waits for a line of a holder or daemon like `held 7 123.456`. @returns its numbers. */
export async function numbersOf(fixture: Fixture, word: string, timeout?: number): Promise<number[]> {
  const [line] = await fixture.waitForLine(new RegExp(`^${word} .*$`), timeout)
  return line.split(' ').slice(1).map(Number)
}
