import { setTimeout as sleep } from 'node:timers/promises'
import { type CallOptions, type ControlClient, connectControl } from '@sd/control/client'
import { type Json, SdError, toError } from '@sd/core'
import { ProcessorMeter } from './processor-meter.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'

/** What is known of a daemon that is followed. */
export interface DaemonSight {
  /** The last that it told of itself. */
  readonly snapshot: Snapshot
  /** Monotonic milliseconds: when it told it. */
  readonly at: number
  /** Why it does not answer any more, if so. */
  readonly gone?: { readonly since: Date; readonly reason: string }
}

/** A daemon that is asked again and again. */
export interface FollowedDaemon {
  /** Asks now, and not only when it is time to. */
  askNow(): void
  /** @throws SdError `SD_CLI_NOT_RUNNING` while the daemon is away. */
  call(method: string, params?: Json, options?: CallOptions): Promise<Json>
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

/** While a daemon is away it is looked for this often. Milliseconds. */
const SEARCH_INTERVAL = 250

/**
 * Asks a daemon for its status again and again. It may go away and come back.
 *
 * @param interval - between two answers, milliseconds.
 * @throws SdError as `connectControl`, when it cannot be reached at first.
 */
export async function followDaemon(
  target: string,
  interval: number,
  onSight: (sight: DaemonSight) => void,
): Promise<FollowedDaemon> {
  const follower = new Follower(target, interval, onSight)
  await follower.start()
  return follower
}

class Follower implements FollowedDaemon {
  readonly #target: string
  readonly #interval: number
  readonly #onSight: (sight: DaemonSight) => void
  readonly #end = new AbortController()
  #client: ControlClient | undefined
  #meter = new ProcessorMeter()
  #sight: DaemonSight | undefined
  #wake = new AbortController()
  #done: Promise<void> = Promise.resolve()

  constructor(target: string, interval: number, onSight: (sight: DaemonSight) => void) {
    this.#target = target
    this.#interval = interval
    this.#onSight = onSight
  }

  async start(): Promise<void> {
    this.#client = await connectControl(this.#target)
    this.#done = this.#follow()
  }

  askNow(): void {
    this.#wake.abort()
  }

  async call(method: string, params?: Json, options?: CallOptions): Promise<Json> {
    if (!this.#client) throw new SdError('SD_CLI_NOT_RUNNING', 'Not running: it has not come back yet.')
    return await this.#client.call(method, params, options)
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#wake.abort()
    await this.#client?.close()
    await this.#done
  }

  async #follow(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        this.#client ??= await connectControl(this.#target)
        for (;;) await this.#ask(this.#client)
      } catch (error) {
        await this.#miss(toError(error))
      }
    }
  }

  async #ask(client: ControlClient): Promise<void> {
    // However long it takes: a daemon that computes for a minute is not gone, and the view tells how old it is.
    const status = await client.call('status', { lines: 0 }, { timeout: 0, signal: this.#end.signal })
    this.#tell({ snapshot: readSnapshot(status, this.#meter), at: performance.now() })
    await this.#rest(this.#interval)
    this.#end.signal.throwIfAborted()
  }

  async #miss({ message }: Error): Promise<void> {
    if (this.#end.signal.aborted) return
    await this.#client?.close()
    this.#client = undefined
    this.#meter = new ProcessorMeter()
    const since = this.#sight?.gone?.since ?? new Date()
    if (this.#sight) this.#tell({ ...this.#sight, gone: { since, reason: message } })
    await this.#rest(SEARCH_INTERVAL)
  }

  #tell(sight: DaemonSight): void {
    this.#sight = sight
    this.#onSight(sight)
  }

  async #rest(milliseconds: number): Promise<void> {
    this.#wake = new AbortController()
    const signal = AbortSignal.any([this.#wake.signal, this.#end.signal])
    await sleep(milliseconds, undefined, { signal }).catch(() => {})
  }
}
