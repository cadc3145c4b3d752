import { type LeaseRenewal, systemClock } from '@sd/core'
import type { DebuggedProcess } from './debugged-process.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { MainProcess } from './main-process.ts'

/** Has the time of a process stand still while that is stopped, and what the daemon holds held for it. */
export class StoppedTime {
  readonly #main: MainProcess
  readonly #leases = new LeaseKeeper()

  constructor(main: MainProcess) {
    this.#main = main
  }

  /** It has stopped. */
  async standStill({ pid, stoppedAt }: DebuggedProcess): Promise<void> {
    try {
      if (pid === this.#main.pid) await this.#main.ask('sendRenewals()')
      else await this.#main.ask(`freeze(${pid}, ${stoppedAt})`)
    } catch {
      // The daemon itself is where nobody can reach it: no timer of its runs either.
    }
  }

  /** The answer to that: how the daemon's leases are renewed. */
  onRenewals(renewals: readonly LeaseRenewal[]): void {
    if (this.#main.stop) void this.#leases.hold(renewals)
  }

  /** It goes on. @param stoppedAt - since when it has stood still. */
  async goOn(pid: number, stoppedAt: number): Promise<void> {
    const now = systemClock.now()
    try {
      if (pid !== this.#main.pid) return await this.#main.ask(`thaw(${pid}, ${now})`)
      await this.#leases.release()
      await this.#main.thaw(now - stoppedAt)
    } catch {
      // As when it stopped.
    }
  }

  /** Nothing is stopped any more. */
  close(): Promise<void> {
    return this.#leases.release()
  }
}
