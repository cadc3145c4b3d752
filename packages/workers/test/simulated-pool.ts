import { afterEach, beforeEach, jest } from '@jest/globals'
import { type Deadline, type PluginHost, toError } from '@sd/core'
import type { ChildExit, ChildState, ProcessManager } from '@sd/process'
import { FakeClock } from '@sd/testing'
import { LocalEngine } from '../src/engine/local-engine.ts'
import {
  CALL,
  CANCEL,
  FAILED,
  type FromWorker,
  MEMORY,
  type OpenMessage,
  RETURNED,
  STARTED,
  type ToWorker,
  WITHDRAW,
  WITHDRAWN,
} from '../src/engine/protocol.ts'
import { defineWorker } from '../src/index.ts'
import { resolvePoolOptions } from '../src/options.ts'
import { Pool } from '../src/pool/pool.ts'
import { CallRunner, type GivenCall } from '../src/worker/call-runner.ts'

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a simulated world counts. */
export interface World {
  readonly clock: FakeClock
  readonly random: () => number
  readonly processes: SimulatedChild[]
  /** Calls that run at this moment, in whichever process. */
  readonly running: Set<number>
  /** How often each call has been run. */
  readonly runs: Map<number, number>
  /** What must not have happened. */
  readonly faults: string[]
  /** Milliseconds for which no process may be started. */
  spawnDelay: number
}

/** What the worker of a simulated pool can do. It is never run itself: the simulated processes know it by name. */
const simulated = defineWorker(import.meta.url, {
  /** Takes so many milliseconds; none: it returns at once. */
  work: (ms: number): number => ms,
  fail: (ms: number): number => ms,
  die: (ms: number): number => ms,
  never: (): void => {},
})

/**
 * A pool with the real engine, the real rules of a worker process and time that moves only when told to; the processes
 * between them are simulated, with messages that take up to 2 ms.
 */
export function simulatePool(options: object, seed: number) {
  const clock = new FakeClock()
  const world: World = {
    clock,
    random: createRandom(seed),
    processes: [],
    running: new Set(),
    runs: new Map(),
    faults: [],
    spawnDelay: 0,
  }
  const host = createHost(clock)
  const manager = {
    spawn(spec: { initial: OpenMessage; onMessage(message: FromWorker): void }) {
      const child = new SimulatedChild(world, spec.initial, spec.onMessage)
      world.processes.push(child)
      return child
    },
    spawnDelay: () => world.spawnDelay,
    whenSpawnAllowed: async () => {},
    close: async () => {},
  } as unknown as ProcessManager
  let lastId = 0
  const resolved = resolvePoolOptions('simulated', { worker: simulated, strategy: 'lazy', ...options })
  const pool = new Pool({
    host,
    alias: 'simulated',
    definition: simulated,
    options: { ...resolved, engine: (context) => new LocalEngine(context, { manager }) },
    nextId: () => ++lastId,
  })
  return { pool, world, clock, random: world.random }
}

/** A pool, and the world that it is in. */
export type Simulation = ReturnType<typeof simulatePool>

/** Takes the one timer of the system's that is used: the one with which a worker loses its patience. */
export function useSimulatedTime(): void {
  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: [
        'setImmediate',
        'clearImmediate',
        'nextTick',
        'queueMicrotask',
        'performance',
        'hrtime',
        'Date',
      ],
    })
  })
  afterEach(() => {
    jest.useRealTimers()
  })
}

/** Lets time pass until something is over, but not for ever. @returns whether it is. */
export async function passUntil(
  { clock }: Simulation,
  most: number,
  isOver: () => boolean,
): Promise<boolean> {
  for (let n = 0; n < most && !isOver(); n++) {
    jest.advanceTimersByTime(1)
    await clock.advance(1)
  }
  return isOver()
}

/** Lets so many milliseconds pass. */
export async function pass(simulation: Simulation, milliseconds: number): Promise<void> {
  await passUntil(simulation, milliseconds, () => false)
}

/** Opens the pool: the processes that start with it take their time. */
export async function openPool(simulation: Simulation): Promise<void> {
  let opened = false
  const opening = simulation.pool.open().then(() => {
    opened = true
  })
  await passUntil(simulation, 200, () => opened)
  await opening
}

/** A process without a process: real rules for its calls, simulated time, messages and end. */
export class SimulatedChild {
  readonly clock: FakeClock
  readonly ready: Promise<void>
  readonly exited: Promise<ChildExit>
  readonly pid: number
  readonly buffered = 0
  state: ChildState = 'spawning'
  /** Calls that it has begun. */
  begun = 0
  /** Whether it was told to end, with nobody having killed it. */
  drained = false
  readonly #world: World
  readonly #open: OpenMessage
  readonly #runner: CallRunner
  readonly #mine = new Set<number>()
  #becomeReady!: () => void
  #settleExited!: (exit: ChildExit) => void
  readonly #down: Pipe<ToWorker>
  readonly #up: Pipe<FromWorker>
  #dead = false

  constructor(world: World, open: OpenMessage, onMessage: (message: FromWorker) => void) {
    this.#world = world
    this.#open = open
    this.#down = new Pipe(world, (message) => this.#receive(message))
    this.#up = new Pipe(world, onMessage)
    this.clock = world.clock
    this.pid = 1000 + world.processes.length
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve
    })
    this.exited = new Promise((resolve) => {
      this.#settleExited = resolve
    })
    this.#runner = this.#createRunner()
    world.clock.after(1 + world.random() * 30, () => {
      if (this.state !== 'spawning') return
      this.state = 'ready'
      this.#becomeReady()
    })
  }

  send(message: ToWorker): boolean {
    if (!this.#dead) this.#down.send(message)
    return !this.#dead
  }

  prove(): void {}

  async readStack(): Promise<undefined> {
    return undefined
  }

  condemn(cause: Error): void {
    this.#world.faults.push(cause.message)
    void this.kill()
  }

  drain(deadline?: Deadline): Promise<ChildExit> {
    this.drained = true
    if (this.state !== 'exited') this.state = 'draining'
    void this.#finish()
    deadline?.signal.addEventListener('abort', () => void this.kill(), { once: true })
    if (deadline?.expired) void this.kill()
    return this.exited
  }

  /** Dies at this moment: what it has written can still be read. */
  kill(): Promise<ChildExit> {
    this.#die(null, 'SIGKILL')
    return this.exited
  }

  #receive(message: ToWorker): void {
    if (this.#dead) return
    if (message[0] === CALL) {
      const [, id, method, args, retries = 0, presumed = false] = message
      this.#runner.add({ id, method, args, retries, presumed })
    } else if (message[0] === CANCEL) this.#runner.withdraw(message[1])
    else if (message[0] === WITHDRAW) this.#runner.withdrawAll()
  }

  async #finish(): Promise<void> {
    await this.#runner.stop()
    this.clock.after(this.#world.random() * 20, () => this.#die(0, null))
  }

  #die(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#dead) return
    this.#dead = true
    this.#up.close()
    this.state = 'draining'
    for (const id of this.#mine) this.#world.running.delete(id)
    this.#mine.clear()
    const lastOutput = ''
    // Its pipe is read to the end first.
    this.clock.after(this.#up.emptyIn + this.#world.random() * 3, () => {
      this.state = 'exited'
      this.#settleExited({ code, signal, lastOutput, startedReady: true, lifetime: 0 })
    })
  }

  #say(message: FromWorker): void {
    if (!this.#dead) this.#up.send(message)
  }

  #createRunner(): CallRunner {
    return new CallRunner({
      concurrency: this.#open.concurrency,
      now: () => Math.round((this.clock.now() - this.#open.epoch) * 1000),
      invoke: (call) => this.#invoke(call),
      onReturned: (call, at, duration, value) => {
        this.#leave(call)
        this.#say([RETURNED, call.id, at, duration, value])
        if (this.#open.reportMemory) this.#say([MEMORY, this.begun * 100])
      },
      onThrew: (call, at, duration, thrown) => {
        this.#leave(call)
        const { name, message } = toError(thrown)
        this.#say([FAILED, call.id, at, duration, { name, message, stack: '', facts: {} }])
      },
      onStarting: (lastId, at) => this.#say([STARTED, lastId, at]),
      onWithdrawn: (ids) => this.#say([WITHDRAWN, ids]),
      flush: () => {
        this.#up.flush()
        return true
      },
      whenFlushed: (done) => done(),
    })
  }

  #invoke({ id, method, args }: GivenCall): unknown {
    if (this.#dead) return new Promise(() => {})
    const { running, runs, faults } = this.#world
    if (running.has(id)) faults.push(`Call ${id} runs twice at the same time.`)
    if (this.state === 'spawning') faults.push(`Call ${id} runs in a process that is not ready.`)
    running.add(id)
    this.#mine.add(id)
    runs.set(id, (runs.get(id) ?? 0) + 1)
    this.begun++
    const [ms] = args as [number]
    if (method === 'never') return new Promise(() => {})
    if (method === 'work' && ms === 0) return ms
    return new Promise((resolve, reject) => {
      this.clock.after(ms, () => {
        if (method === 'die') return this.#die(1, null)
        if (method === 'fail') reject(new RangeError('failed'))
        else resolve(ms)
      })
    })
  }

  #leave({ id }: GivenCall): void {
    this.#mine.delete(id)
    if (!this.#dead) this.#world.running.delete(id)
  }
}

/** Messages on their way: those of one turn come together, after up to 2 ms, and in their order. */
class Pipe<Message> {
  readonly #world: World
  readonly #deliver: (message: Message) => void
  #batch: Message[] = []
  #lastAt = 0

  constructor(world: World, deliver: (message: Message) => void) {
    this.#world = world
    this.#deliver = deliver
  }

  /** Milliseconds until all that was written has come. */
  get emptyIn(): number {
    return Math.max(0, this.#lastAt - this.#world.clock.now())
  }

  send(message: Message): void {
    this.#batch.push(message)
    if (this.#batch.length === 1) process.nextTick(() => this.flush())
  }

  flush(): void {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    const { clock, random } = this.#world
    this.#lastAt = Math.max(this.#lastAt, clock.now() + random() * 2)
    clock.after(this.#lastAt - clock.now(), () => {
      for (const message of batch) this.#deliver(message)
    })
  }

  /** What was not written yet is lost. */
  close(): void {
    this.#batch = []
  }
}

function createHost(clock: FakeClock): PluginHost {
  return {
    daemon: {},
    plugin: 'workers',
    name: 'simulated',
    interval: null,
    clock,
    priority: 0,
    signal: new AbortController().signal,
    runRequested: true,
    log() {},
    debug() {},
    error() {},
    fatalError() {},
    record() {},
    on: () => Object.assign(() => {}, { event: 'share' as const }),
    off() {},
    dispatch() {},
    hasListeners: () => false,
    shares: () => ({}),
    shareChanged() {},
    facets: () => ({}),
  } as PluginHost
}
