import type { JsonLines } from '../protocol/json-lines.ts'
import type { AgentRequest, FromAgent, ProcessEvents, ProcessRequests, Stop } from '../protocol/messages.ts'

/** A process as the hub knows it. */
export interface DebuggedProcess {
  readonly pid: number
  readonly requests: ProcessRequests
  /** Where it is stopped; undefined while it runs. */
  stop: Stop | undefined
  /** The frame that commands are about. */
  frame: number
  /** When it stopped: monotonic milliseconds. */
  stoppedAt: number
}

/** Milliseconds that an answer may take: a process in native code cannot answer at all. */
const ANSWER_TIME = 5000

/** A snapshot of a large heap takes its time. */
const LONG_ANSWER_TIME = 600_000

/** The agent of a child process, asked over its connection. */
export class RemoteProcess {
  readonly requests: ProcessRequests
  readonly #lines: JsonLines<FromAgent, AgentRequest>
  readonly #waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }
  >()
  #lastId = 0

  constructor(pid: number, lines: JsonLines<FromAgent, AgentRequest>) {
    this.#lines = lines
    const ask =
      (name: keyof ProcessRequests) =>
      (...args: readonly unknown[]) =>
        this.#ask(pid, name, args)
    this.requests = {
      configure: ask('configure'),
      pause: ask('pause'),
      resume: ask('resume'),
      where: ask('where'),
      list: ask('list'),
      locals: ask('locals'),
      args: ask('args'),
      evaluate: ask('evaluate'),
      inspect: ask('inspect'),
      heap: ask('heap'),
    } as ProcessRequests
  }

  receive(message: FromAgent, events: ProcessEvents): void {
    if ('event' in message) {
      if (message.event === 'stop') events.onStop(message.stop)
      else if (message.event === 'going') events.onGoing()
      else if (message.event === 'unmet') events.onUnmet(message.breakpoint, message.error)
      else events.onBound(message.breakpoint, message.place)
      return
    }
    const waiting = this.#waiting.get(message.id)
    if (!waiting) return
    this.#waiting.delete(message.id)
    clearTimeout(waiting.timer)
    if ('failure' in message) waiting.reject(new Error(message.failure))
    else waiting.resolve(message.answer)
  }

  /** It is gone. */
  lose(): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(new Error('The process is gone.'))
    }
    this.#waiting.clear()
  }

  /** Lets the process go on without a debugger. */
  dismiss(): void {
    this.#lines.end()
  }

  #ask(pid: number, name: keyof ProcessRequests, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      const limit = name === 'heap' ? LONG_ANSWER_TIME : ANSWER_TIME
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(noAnswer(pid, limit))
      }, limit).unref()
      this.#waiting.set(id, { resolve, reject, timer })
      this.#lines.send({ id, ask: name, with: args })
    })
  }
}

/** For the daemon's own process, which is asked without a connection. */
export function withinTime<Result>(pid: number, answer: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(pid, ANSWER_TIME)), ANSWER_TIME).unref()
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function noAnswer(pid: number, limit: number): Error {
  return new Error(
    `${pid} has not answered for ${limit / 1000} s: it runs native code that cannot be interrupted, or has an expression of yours to evaluate.`,
  )
}
