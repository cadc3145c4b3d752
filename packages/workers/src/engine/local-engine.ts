import { fileURLToPath } from 'node:url'
import { type Deadline, type EventHandle, type Json, SdError, toError } from '@sd/core'
import type { Child, ProcessManager } from '@sd/process'
import { CallQueue } from './call-queue.ts'
import { clonableShares } from './clonable-shares.ts'
import type { Engine, EngineCall, EngineContext, EngineTraits, Outcome } from './engine.ts'
import { processesWanted, strategyFor } from './processes-wanted.ts'
import type { FromWorker, OpenMessage } from './protocol.ts'
import { recycleLimits } from './recycle-limits.ts'
import { shutdownError } from './shutdown-error.ts'
import { type PendingCall, WorkerProcess } from './worker-process.ts'

/** The module that a worker process starts with: source beside source, built beside built. */
const WORKER_MAIN: string = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../worker/main.ts', import.meta.url)
    : new URL('./worker/main.js', import.meta.url),
)

/** Runs the calls of a pool in persistent child processes of this daemon. */
export class LocalEngine implements Engine {
  readonly name = 'local'
  readonly traits: EngineTraits = { durable: false, remote: false, cancel: true }
  readonly #context: EngineContext
  readonly #queue = new CallQueue<PendingCall>()
  readonly #workers = new Set<WorkerProcess>()
  #manager: ProcessManager | undefined
  /** Node's flags for the processes. */
  #execArgv: readonly string[] = []
  #size: number
  #called = false
  /** Whether any process was ever ready: until then the worker itself is suspected when one fails. */
  #proven = false
  #opened = false
  #closing = false
  #waitingToSpawn = false
  #shareListener: EventHandle | undefined

  constructor(context: EngineContext) {
    this.#context = context
    this.#size = context.options.size
  }

  get backlog(): number {
    return this.#countCalls(this.#alive()) - this.#size * this.#context.options.concurrency
  }

  async open(): Promise<void> {
    const { host } = this.#context
    // Imported only here, so that worker processes, which import this package too, start without it.
    const { processManager, inheritableExecArgv } = await import('@sd/process')
    this.#manager = processManager(host)
    this.#execArgv = [...inheritableExecArgv(process.execArgv), ...(this.#context.options.execArgv ?? [])]
    this.#shareListener = host.on('share', () => this.#share())
    this.#fill()
    await this.#firstReady()
    this.#opened = true
  }

  submit(call: EngineCall): Promise<Outcome> {
    return new Promise((settle) => {
      if (this.#closing) {
        settle({ type: 'refused', error: shutdownError(this.#context.alias) })
        return
      }
      this.#called = true
      this.#queue.push({ call, settle, handovers: 0 })
      this.#assign()
    })
  }

  cancel(id: number): void {
    const waiting = this.#queue.remove(id)
    if (waiting) return waiting.settle({ type: 'cancelled' })
    for (const worker of this.#workers) if (worker.cancel(id)) return
  }

  resize(size: number): void {
    this.#size = size
    this.#assign()
  }

  async drain(deadline: Deadline): Promise<void> {
    this.#closing = true
    this.#refuseWaiting(() => shutdownError(this.#context.alias))
    await Promise.all([...this.#workers].map((worker) => worker.stop(deadline)))
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#refuseWaiting(() => shutdownError(this.#context.alias))
    this.#shareListener?.()
    await Promise.all([...this.#workers].map((worker) => worker.close()))
    await this.#manager?.close()
  }

  inspect(): Json {
    const workers = [...this.#workers]
    return {
      size: this.#size,
      strategy: this.#strategy,
      processes: workers.map(({ child, load }) => ({
        pid: child.pid ?? null,
        state: child.state,
        running: load,
      })),
      queued: this.#queue.size,
    }
  }

  get #strategy(): ReturnType<typeof strategyFor> {
    return this.#context.options.strategy ?? strategyFor(this.#context.host.interval)
  }

  /** Gives waiting calls to processes with room, then sees to it that there are enough processes. */
  #assign(): void {
    while (this.#queue.size > 0) {
      const worker = this.#leastLoaded()
      const pending = worker && this.#queue.shift()
      if (!pending) break
      worker.run(pending)
    }
    this.#retireSurplus()
    this.#fill()
  }

  #leastLoaded(): WorkerProcess | undefined {
    let best: WorkerProcess | undefined
    for (const worker of this.#workers) {
      if (!worker.available || (best && best.load <= worker.load)) continue
      if (worker.load === 0) return worker
      best = worker
    }
    return best
  }

  #alive(): WorkerProcess[] {
    return [...this.#workers].filter((worker) => !worker.retiring)
  }

  /** Calls that wait, or run in these processes. */
  #countCalls(workers: readonly WorkerProcess[]): number {
    return workers.reduce((sum, worker) => sum + worker.load, this.#queue.size)
  }

  /** Replaces one worn process at a time, so that a pool never restarts all at once, and ends what is too many. */
  #retireSurplus(): void {
    const alive = this.#alive()
    const surplus = alive.slice(this.#size)
    for (const worker of surplus) worker.retire()
    // The replacement of the one before must be ready; what that one still has to finish holds nobody up.
    const complete = alive.every((worker) => worker.child.state === 'ready')
    if (complete) alive.find((worker) => worker.worn)?.retire()
  }

  #fill(): void {
    if (this.#closing || !this.#manager) return
    const { alias, options } = this.#context
    const alive = this.#alive()
    const wanted = processesWanted({
      strategy: this.#strategy,
      size: this.#size,
      alive: alive.length,
      calls: this.#countCalls(alive),
      concurrency: options.concurrency,
      called: this.#called,
    })
    for (let missing = wanted - alive.length; missing > 0; missing--) {
      if (this.#manager.spawnDelay(alias) > 0) return this.#fillLater(this.#manager)
      this.#spawn(this.#manager)
    }
  }

  #fillLater(manager: ProcessManager): void {
    if (this.#waitingToSpawn) return
    this.#waitingToSpawn = true
    void manager.whenSpawnAllowed(this.#context.alias).then(() => {
      this.#waitingToSpawn = false
      this.#fill()
    })
  }

  #spawn(manager: ProcessManager): void {
    const { host, alias, options } = this.#context
    let worker: WorkerProcess | undefined
    const child = manager.spawn({
      group: alias,
      entry: WORKER_MAIN,
      args: process.argv.slice(2),
      initial: this.#openMessage(),
      readyTimeout: options.readyTimeout,
      killAfter: options.killAfter,
      ...(options.env && { env: options.env }),
      execArgv: this.#execArgv,
      onMessage: (message) => worker?.receive(message as FromWorker),
    })
    worker = new WorkerProcess(child, {
      host,
      alias,
      concurrency: options.concurrency,
      timeout: options.timeout,
      killAfter: options.killAfter,
      limits: recycleLimits(options.recycle, Math.random()),
      onFree: () => this.#assign(),
      onHandover: (pending) => this.#queue.unshift(pending),
    })
    this.#workers.add(worker)
    this.#follow(worker, child)
  }

  #follow(worker: WorkerProcess, child: Child): void {
    child.ready.then(
      () => {
        this.#proven = true
        this.#assign()
      },
      (error) => this.#onStartFailed(worker, toError(error)),
    )
    void child.exited.then((exit) => {
      this.#workers.delete(worker)
      worker.onExit(exit)
      this.#assign()
    })
  }

  /** Calls wait for a process that may yet come; but when none ever was ready, none will. */
  #onStartFailed(worker: WorkerProcess, cause: Error): void {
    if (this.#closing) return
    const { host, alias } = this.#context
    // Until the pool is open, the failed start of the daemon tells it.
    if (this.#opened) host.error(startError(alias, cause), alias)
    const hope = [...this.#workers].some((other) => other !== worker && !other.retiring)
    if (this.#proven || hope) return
    this.#refuseWaiting(() => startError(alias, cause))
  }

  /** @param makeError - each call gets an error of its own, because it is told where that call was made. */
  #refuseWaiting(makeError: () => Error): void {
    for (let waiting = this.#queue.shift(); waiting; waiting = this.#queue.shift()) {
      waiting.settle({ type: 'refused', error: makeError() })
    }
  }

  /** Resolves when one of the processes that start with the pool is ready; with a lazy pool there is none. */
  async #firstReady(): Promise<void> {
    const { host, alias } = this.#context
    const starting = [...this.#workers].map((worker) => worker.child.ready)
    if (starting.length === 0) return
    const aborted = new Promise<void>((resolve) =>
      host.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    const anyReady = Promise.any(starting).catch((failure: AggregateError) => {
      throw startError(alias, toError(failure.errors[0]))
    })
    anyReady.catch(() => {})
    await Promise.race([anyReady, aborted])
  }

  #openMessage(): OpenMessage {
    const { host, alias, definition, options } = this.#context
    return {
      url: definition.url,
      ordinal: definition.ordinal,
      methods: definition.methods,
      alias,
      script: process.argv[1],
      concurrency: options.concurrency,
      shares: clonableShares(host),
      reportMemory: options.recycle.memory !== undefined,
    }
  }

  #share(): void {
    const shares = clonableShares(this.#context.host)
    for (const worker of this.#workers) worker.share(shares)
  }
}

function startError(alias: string, cause: Error): SdError {
  const reason = cause.cause instanceof Error ? cause.cause.message : cause.message
  const message = `The worker "${alias}" could not be started: ${reason}`
  return new SdError('SD_WORKERS_START_FAILED', message, { cause, pool: alias })
}
