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
  readonly #running = new Set<Promise<Outcome>>()
  readonly #cancelled = new Set<number>()
  #implementation: Promise<Implementation> | undefined
  #giveUp!: (outcome: Outcome) => void
  /** Settles at the end of a shutdown, for calls that have not ended by then. */
  readonly #givenUp = new Promise<Outcome>((resolve) => {
    this.#giveUp = resolve
  })

  constructor(context: EngineContext) {
    this.#context = context
  }

  open(): void {}

  submit(call: EngineCall): Promise<Outcome> {
    const running = this.#run(call).then((outcome): Outcome => {
      this.#running.delete(running)
      return this.#cancelled.delete(call.id) ? { type: 'cancelled' } : outcome
    })
    this.#running.add(running)
    return Promise.race([running, this.#givenUp])
  }

  /** Only asks: what runs in the daemon itself cannot be ended. */
  cancel(id: number): void {
    this.#cancelled.add(id)
    void this.#implementation?.then(
      (implementation) => implementation.cancel(id),
      () => {},
    )
  }

  resize(): void {}

  async drain(deadline: Deadline): Promise<void> {
    await Promise.race([Promise.all(this.#running), deadline.passed])
    this.close()
    const implementation = await this.#implementation?.catch(() => undefined)
    await implementation?.stop()
  }

  close(): void {
    this.#giveUp({ type: 'refused', error: shutdownError(this.#context.alias) })
  }

  inspect(): null {
    return null
  }

  async #run(call: EngineCall): Promise<Outcome> {
    try {
      this.#implementation ??= this.#create()
      const implementation = await this.#implementation
      call.onStarted(process.pid, this.#context.host.clock.now())
      return { type: 'returned', value: await implementation.invoke(call, call.args) }
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
