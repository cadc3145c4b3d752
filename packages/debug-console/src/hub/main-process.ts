import { PROBE } from '../agent/main-thread.ts'
import { ThreadDebugger } from '../agent/thread-debugger.ts'
import type { ProcessEvents } from '../protocol/messages.ts'
import { type DebuggedProcess, withinTime } from './debugged-process.ts'

/** The daemon's own process: its main thread is debugged from here, and asked what only it knows. */
export class MainProcess implements DebuggedProcess {
  readonly pid: number = process.pid
  readonly requests: DebuggedProcess['requests']
  stop: DebuggedProcess['stop']
  frame = 0
  stoppedAt = 0
  readonly #debugger: ThreadDebugger

  constructor(events: ProcessEvents) {
    const main = new ThreadDebugger(events)
    this.#debugger = main
    const within =
      <Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) =>
      (...args: Args) =>
        withinTime(process.pid, ask.apply(main, args))
    this.requests = {
      configure: within(main.configure),
      pause: within(main.pause),
      resume: within(main.resume),
      where: within(main.where),
      list: within(main.list),
      locals: within(main.locals),
      args: within(main.args),
      evaluate: within(main.evaluate),
      inspect: within(main.inspect),
      heap: (file) => main.heap(file),
    }
  }

  open(): Promise<void> {
    return this.#debugger.open()
  }

  /** Lets go of the main thread. */
  close(): Promise<void> {
    return this.#debugger.close()
  }

  /** Calls what the main thread has for the hub, whether it runs or is paused. @returns a JSON value. */
  async ask<Answer>(what: string, awaitPromise = false): Promise<Answer> {
    return (await withinTime(process.pid, this.#debugger.ask(`${PROBE}.${what}`, awaitPromise))) as Answer
  }

  /** It is about to go on: its clocks stood still for so many milliseconds. */
  async thaw(pause: number): Promise<void> {
    await this.#debugger.ask(`globalThis[Symbol.for('sd.debugTarget')]?.thaw(${pause})`)
  }
}
