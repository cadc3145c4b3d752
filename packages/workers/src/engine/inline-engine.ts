import { type Deadline, debugSeat, passPoint, toError } from '@sd/core'
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
  /** Calls that a debugger has aborted, and where. */
  readonly #aborted = new Map<number, string>()
  readonly #seat = debugSeat()
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
      this.#pass('running', call)
      if (this.#aborted.has(call.id)) return this.#abort(call)
      try {
        const value = await implementation.invoke(call, call.args)
        this.#pass('return', call, value)
        return this.#aborted.has(call.id) ? this.#abort(call) : { type: 'returned', value }
      } finally {
        implementation.forget(call.id)
      }
    } catch (thrown) {
      return this.#aborted.has(call.id) ? this.#abort(call) : { type: 'failed', error: toError(thrown) }
    }
  }

  #pass(name: 'running' | 'return', { id, method, args }: EngineCall, value?: unknown): void {
    if (!this.#seat.probe) return
    const call = { id, pool: this.#context.alias, method, args }
    const point = name === 'return' ? { name, call, value } : { name, call }
    if (!passPoint(this.#seat, point)) this.#aborted.set(id, name)
  }

  #abort({ id }: EngineCall): Outcome {
    const point = this.#aborted.get(id)!
    this.#aborted.delete(id)
    return { type: 'cancelled', point }
  }

  async #create(): Promise<Implementation> {
    const { host, alias, definition } = this.#context
    const implementation = new Implementation(definition, {
      alias,
      concurrency: Number.POSITIVE_INFINITY,
      log: (level, message, label = alias) =>
        level === 'error' ? host.error(message, label) : host.log(message, label),
      shares: () => host.shares(),
      onAborted: (id, where) => this.#aborted.set(id, where),
    })
    await implementation.start()
    return implementation
  }
}
