import { toError } from '@sd/core'
import { Implementation } from '../worker/implementation.ts'
import type { Engine, EngineCall, EngineContext, EngineTraits, Outcome } from './engine.ts'

/** Runs the calls of a pool in the daemon itself. */
export class InlineEngine implements Engine {
  readonly name = 'inline'
  readonly traits: EngineTraits = { durable: false, remote: false, cancel: false }
  readonly queued = 0
  readonly #context: EngineContext
  #implementation: Promise<Implementation> | undefined

  constructor(context: EngineContext) {
    this.#context = context
  }

  open(): void {}

  async submit(call: EngineCall): Promise<Outcome> {
    try {
      this.#implementation ??= this.#create()
      const implementation = await this.#implementation
      call.onStarted(process.pid, this.#context.host.clock.now())
      return { type: 'returned', value: await implementation.invoke(call, call.args) }
    } catch (thrown) {
      return { type: 'failed', error: toError(thrown) }
    }
  }

  /** Only asks: what runs in the daemon itself cannot be ended. */
  cancel(id: number): void {
    void this.#implementation?.then((implementation) => implementation.cancel(id))
  }

  resize(): void {}

  async drain(): Promise<void> {
    const implementation = await this.#implementation?.catch(() => undefined)
    await implementation?.stop()
  }

  close(): void {}

  inspect(): null {
    return null
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
