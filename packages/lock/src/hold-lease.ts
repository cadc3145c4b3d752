import { type Awaitable, systemClock, type Timer } from '@sd/core'
import type { LockBackend } from './backend.ts'
import type { LockHolder } from './holder.ts'
import { RenewalCell } from './renewal-cell.ts'
import { RENEWAL_SHARE, retryAfter } from './renewal-times.ts'
import { withinLimit } from './within-limit.ts'

/** What another thread needs to renew a lease. It can be posted to it. */
export interface RenewalData<Place = unknown> {
  /** The lease's, as it was when this was asked for. */
  readonly holder: LockHolder
  /** How the two sides know what the other one has done. */
  readonly buffer: SharedArrayBuffer
  /** What the backend is opened with there. */
  readonly place: Place
}

/**
 * Renews a lease of another thread, which is stopped: from when the next renewal is due, until it is ended, or until
 * it is too late. A failed renewal is tried again, with a fresh backend. The lease itself is told through the memory that
 * both share, and is lost where nobody renewed it in time.
 *
 * @param open - opens a backend of this thread's own; only for `resume` and `renew`.
 * @returns ends it; resolves when nothing is under way any more.
 */
export function holdLease<Place>(
  { holder, buffer, place }: RenewalData<Place>,
  open: (place: Place) => Awaitable<LockBackend>,
): () => Promise<void> {
  const cell = new RenewalCell(buffer)
  const { ttl, name } = holder
  const clock = systemClock
  const validUntil = (): number => cell.renewedAt + ttl
  let ended = false
  let timer: Timer | undefined
  let wake = (): void => {}
  let backend: LockBackend | undefined

  const sleep = (delay: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
      timer = clock.after(delay, resolve)
    })

  async function renew(): Promise<boolean> {
    const renewedAt = clock.now()
    const next: LockHolder = { ...holder, renewals: cell.renewals + 1, renewedAt }
    const limit = validUntil() - renewedAt
    const operation = async (): Promise<boolean> => {
      if (!backend) {
        backend = await open(place)
        await backend.resume?.({ ...holder, renewals: cell.renewals, renewedAt: cell.renewedAt })
      }
      return backend.renew(next)
    }
    const isMine = await withinLimit(clock, `renew the lock "${name}"`, limit, operation)
    if (isMine) cell.note(next)
    else cell.lose()
    return isMine
  }

  async function close(): Promise<void> {
    const closing = backend
    backend = undefined
    await closing?.close()
  }

  async function run(): Promise<void> {
    let delay = cell.renewedAt + ttl * RENEWAL_SHARE - clock.now()
    while (!ended) {
      await sleep(delay)
      // It never pretends: what nobody renewed in time may be another one's by now.
      if (ended || cell.isLost || clock.now() >= validUntil()) break
      try {
        if (!(await renew())) break
        delay = ttl * RENEWAL_SHARE
      } catch {
        await close().catch(() => {})
        delay = retryAfter(ttl)
      }
    }
    await close().catch(() => {})
  }

  const running = run()
  return async () => {
    ended = true
    timer?.cancel()
    wake()
    await running
  }
}
