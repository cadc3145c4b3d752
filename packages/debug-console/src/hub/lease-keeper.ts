import type { LeaseRenewal } from '@sd/core'

/** What a module of a lock offers. */
interface HoldingModule {
  hold(data: unknown): Promise<() => Promise<void>> | (() => Promise<void>)
}

/** Renews the daemon's leases while its main thread is paused and cannot. */
export class LeaseKeeper {
  #held: Promise<(() => Promise<void>)[]> = Promise.resolve([])

  /** The main thread has paused. */
  hold(renewals: readonly LeaseRenewal[]): Promise<unknown> {
    const before = this.#held
    this.#held = before.then(async (ends) => [...ends, ...(await Promise.all(renewals.map(begin)))])
    return this.#held
  }

  /** The main thread is about to go on: resolves when nobody else renews any more. */
  async release(): Promise<void> {
    const ends = await this.#held
    this.#held = Promise.resolve([])
    await Promise.all(ends.map((end) => end().catch(() => {})))
  }
}

/** A lock that cannot be renewed here is lost or not as if nobody had tried. */
async function begin({ module, data }: LeaseRenewal): Promise<() => Promise<void>> {
  try {
    const { hold } = (await import(module)) as HoldingModule
    return await hold(data)
  } catch {
    return async () => {}
  }
}
