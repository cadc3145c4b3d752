import { type Deadline, toError } from '@sd/core'
import { Implementation } from '../worker/implementation.ts'
import type { Engine, EngineCall, EngineContext, EngineTraits, Outcome } from './engine.ts'
import { shutdownError } from './shutdown-error.ts'

/** Runs the calls of a pool in the daemon itself. */
export class InlineEngine implements Engine {
  readonly name = 'inline'
  readonly traits: EngineTraits = { durable: false, remote: false, cancel: false }
  readonly backlog = Number.NEGATIVE_INFINITY
  readonly #context: EngineContext
  /** The calls that have not ended, each with what settles it. */
  readonly #running = new Map<Promise<void>, (outcome: Outcome) => void>()
  readonly #cancelled = new Set<number>()
  #implementation: Promise<Implementation> | undefined

  constructor(context: EngineContext) {
    this.#context = context
  }

  open(): void {}

  submit(call: EngineCall): Promise<Outcome> {
    return new Promise((settle) => {
      const running = this.#run(call).then((outcome) => {
        this.#running.delete(running)
        settle(this.#cancelled.delete(call.id) ? { type: 'cancelled' } : outcome)
      })
      this.#running.set(running, settle)
    })
  }

  /** Only asks: what runs in the daemon itself cannot be ended. */
  cancel({ id }: EngineCall): void {
    this.#cancelled.add(id)
    void this.#implementation?.then(
      (implementation) => implementation.cancel(id),
      () => {},
    )
  }

  resize(): void {}

  async drain(deadline: Deadline): Promise<void> {
    await Promise.race([Promise.all(this.#running.keys()), deadline.passed])
    this.close()
    const implementation = await this.#implementation?.catch(() => undefined)
    await implementation?.stop()
  }

  close(): void {
    for (const settle of this.#running.values()) {
      settle({ type: 'refused', error: shutdownError(this.#context.alias) })
    }
  }

  inspect(): null {
    return null
  }

  async #run(call: EngineCall): Promise<Outcome> {
    try {
      this.#implementation ??= this.#create()
      const implementation = await this.#implementation
      call.onStarted(process.pid, this.#context.host.clock.now())
      try {
        return { type: 'returned', value: await implementation.invoke(call, call.args) }
      } finally {
        implementation.forget(call.id)
      }
    } catch (thrown) {
      return { type: 'failed', error: toError(thrown) }
    }
  }

  async #create(): Promise<Implementation> {
    const { host, alias, definition } = this.#context
    const implementation = new Implementation(definition, {
      alias,
      concurrency: Number.POSITIVE_INFINITY,
      log: (level, message, label = alias) =>
        level === 'error' ? host.error(message, label) : host.log(message, label),
      shares: () => host.shares(),
    })
    await implementation.start()
    return implementation
  }
}
