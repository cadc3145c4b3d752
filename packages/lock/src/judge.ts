import type { OwnPlace } from '@sd/core/own-place'
import { isKnownDead } from '@sd/core/process-identity'
import { isHandedOver, isOfEarlierProgram } from './handed-over.ts'
import type { LockHolder } from './holder.ts'

/**
 * What has become of a lock's holder. `dead`: its process has ended. `expired`: its ttl is over. Both for good.
 * `unknown`: it must be watched for longer to tell.
 */
export type Verdict = 'alive' | 'unknown' | 'dead' | 'expired'

/** Holders give up at their ttl; who takes over allows them this much for the last step. Milliseconds. */
const GRACE = 250

/** How far the clocks of two machines may drift apart: adjtimex(2) speeds each up or slows it down by 500 ppm at most. */
const CLOCK_DRIFT = 0.001

/** A renewal that lies further ahead than this was not stamped by this clock. Milliseconds. */
const CLOCK_SLACK = 1000

/** What was last seen of a holder whose clock is another one. */
interface Sighting {
  readonly mark: string
  /** By one's own clock. */
  readonly at: number
  /** Whether it has been seen to renew. */
  readonly moved: boolean
}

/**
 * Tells whether the holder of a lock is gone. Only the monotonic clock counts. Within one boot of one machine it
 * compares with the holder's; any other holder has to be watched: who does not renew for a ttl, by the
 * watcher's own clock, is gone.
 */
export class Judge {
  readonly #self: OwnPlace
  readonly #now: () => number
  #last: Sighting | undefined

  constructor(self: OwnPlace, now: () => number) {
    this.#self = self
    this.#now = now
  }

  judge(holder: LockHolder): Verdict {
    if (!this.#isHere(holder)) return this.#watch(holder)
    // Its own: the lease takes it up, in one step, so that nobody gets in between.
    if (isHandedOver(holder, this.#self)) return 'alive'
    if (this.#hasEnded(holder)) return 'dead'
    const age = this.#now() - holder.renewedAt
    if (age < -CLOCK_SLACK) return this.#watch(holder)
    return age > holder.ttl + GRACE ? 'expired' : 'alive'
  }

  /** Whether the holder counts pids and time as this process does. */
  #isHere(holder: LockHolder): boolean {
    const { host, boot, namespaces } = this.#self
    return boot !== '' && holder.boot === boot && holder.host === host && holder.namespaces === namespaces
  }

  #hasEnded(holder: LockHolder): boolean {
    const { pid, startTime } = holder
    if (startTime === '') return false
    const self = this.#self
    if (pid !== self.pid || startTime !== self.startTime) return isKnownDead({ pid, startTime })
    // The program that this process was before an execve could not give it back.
    return isOfEarlierProgram(holder, self)
  }

  #watch({ id, renewals, renewedAt, ttl }: LockHolder): Verdict {
    const mark = `${id} ${renewals} ${renewedAt}`
    const now = this.#now()
    if (this.#last?.mark !== mark) {
      const moved = this.#last?.mark.startsWith(`${id} `) ?? false
      this.#last = { mark, at: now, moved }
    }
    if (now - this.#last.at > ttl * (1 + CLOCK_DRIFT) + GRACE) return 'expired'
    return this.#last.moved ? 'alive' : 'unknown'
  }
}
