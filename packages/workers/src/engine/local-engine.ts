import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  childServer,
  type Deadline,
  debugSeat,
  type EventHandle,
  type Json,
  passPoint,
  SdError,
  systemTime,
  toError,
} from '@sd/core'
import { ownEntry } from '@sd/core/own-entry'
import type { Child, ProcessManager } from '@sd/process'
import { clonableShares } from '@sd/process/exchange'
import { Paces } from '../call/pace.ts'
import { CallQueue } from './call-queue.ts'
import type { Engine, EngineCall, EngineContext, EngineTraits } from './engine.ts'
import { processesWanted, strategyFor } from './processes-wanted.ts'
import type { OpenMessage } from './protocol.ts'
import { recycleLimits } from './recycle-limits.ts'
import { shutdownError } from './shutdown-error.ts'
import { Submission } from './submission.ts'
import { WorkerProcess } from './worker-process.ts'

/** The module that a worker process starts with: source beside source, built beside built. */
export const WORKER_MAIN: string = ownEntry(import.meta.url, '../worker/main.ts', './worker/main.js')

/**
 * Loaded with this package, so that the first pool need not wait for it; but not in worker processes, which import
 * this package, too, and would start a third later.
 */
const processPackage: Promise<typeof import('@sd/process')> | undefined = childServer()
  ? undefined
  : import('@sd/process')

/** Milliseconds in which a failed start is logged once, when the others fail for the same reason. */
const REPEAT_PERIOD = 60_000

/** What tests set. */
export interface LocalEngineSeams {
  /** Starts the processes. @default the daemon's */
  manager?: ProcessManager
}

/** Runs the calls of a pool in persistent child processes of this daemon. */
export class LocalEngine implements Engine {
  readonly name = 'local'
  readonly traits: EngineTraits = { durable: false, remote: false, cancel: true }
  readonly #context: EngineContext
  readonly #queue = new CallQueue<Submission>()
  readonly #paces = new Paces()
  readonly #workers = new Set<WorkerProcess>()
  readonly #seat = debugSeat()
  readonly #seams: LocalEngineSeams
  #manager: ProcessManager | undefined
  /** Node's flags for the processes. */
  #execArgv: readonly string[] = []
  #size: number
  #timeout: number
  #called = false
  /** Whether any process was ever ready: until then the worker itself is suspected when one fails. */
  #proven = false
  #opened = false
  #closing = false
  #waitingToSpawn = false
  /** Whether there were as many processes as there may be when that was last looked at: it is asked for each call. */
  #complete = false
  #shareListener: EventHandle | undefined
  /** The last failed start that was logged. */
  #startFailure: { readonly kind: string; readonly toldAt: number; untold: number } | undefined

  constructor(context: EngineContext, seams: LocalEngineSeams = {}) {
    this.#context = context
    this.#seams = seams
    this.#size = context.options.size
    this.#timeout = context.options.timeout
  }

  get backlog(): number {
    return this.#countCalls(this.#alive()) - this.#size * this.#context.options.concurrency
  }

  async open(): Promise<void> {
    const { host } = this.#context
    const { processManager, inheritableExecArgv } = await (processPackage ?? import('@sd/process'))
    this.#manager = this.#seams.manager ?? processManager(host)
    this.#execArgv = [...inheritableExecArgv(process.execArgv), ...(this.#context.options.execArgv ?? [])]
    this.#shareListener = host.on('share', () => this.#share())
    this.#fill()
    await this.#firstReady()
    this.#opened = true
  }

  submit(call: EngineCall): void {
    const submission = new Submission(call, this.#paces.of(call.method))
    call.handle = submission
    if (this.#closing) {
      call.onEnded({ type: 'refused', error: shutdownError(this.#context.alias) })
      return
    }
    this.#called = true
    // When calls wait already, no process has room for more.
    const worker = this.#queue.size === 0 ? this.#leastLoaded(submission) : undefined
    if (worker) worker.run(submission)
    else this.#queue.push(submission)
    if (!this.#complete) this.#fill()
  }

  cancel(call: EngineCall): void {
    const submission = call.handle
    if (!(submission instanceof Submission)) return
    if (!submission.queued) return submission.worker?.cancel(submission)
    this.#queue.remove(submission)
    submission.call.onEnded({ type: 'cancelled' })
  }

  /** Whether a process is free; or may be started, which is not allowed for a while when others died young. */
  isIdle(): boolean {
    const alive = this.#alive()
    if (alive.some(({ load }) => load < this.#context.options.concurrency)) return true
    return alive.length < this.#size && (this.#manager?.spawnDelay(this.#context.alias) ?? 0) === 0
  }

  resize(size: number): void {
    this.#size = size
    this.#assign()
  }

  limitTime(timeout: number): void {
    this.#timeout = timeout
    for (const worker of this.#workers) worker.limitTime(timeout)
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
    for (let next = this.#queue.peek(); next; next = this.#queue.peek()) {
      const worker = this.#leastLoaded(next)
      if (!worker) break
      this.#queue.shift()
      worker.run(next)
    }
    this.#retireSurplus()
    this.#fill()
  }

  /** Gives waiting calls to a process that has room again: this is done after each call, and must cost nothing. */
  #feed(worker: WorkerProcess): void {
    for (let next = this.#queue.peek(); next && worker.accepts(next.pace); next = this.#queue.peek()) {
      this.#queue.shift()
      worker.run(next)
    }
    if (!worker.worn) return
    this.#retireSurplus()
    this.#fill()
  }

  #leastLoaded({ pace }: Submission): WorkerProcess | undefined {
    let best: WorkerProcess | undefined
    for (const worker of this.#workers) {
      if ((best && best.load <= worker.load) || !worker.accepts(pace)) continue
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
    const allReady = alive.every((worker) => worker.child.state === 'ready')
    const worn = allReady ? alive.find((worker) => worker.worn) : undefined
    if (!worn) return
    this.#pass('recycle', worn.child.pid)
    worn.retire()
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
    this.#complete = Math.max(wanted, alive.length) >= this.#size
    if (wanted > alive.length && this.#isFileMissing()) {
      this.#complete = false
      // The processes that live have its code, and go on; without any, no call would ever run.
      if (alive.length === 0) this.#refuseWaiting(() => missingFileError(alias, this.#context.definition.url))
      return
    }
    for (let missing = wanted - alive.length; missing > 0; missing--) {
      if (this.#manager.spawnDelay(alias) > 0) return this.#fillLater(this.#manager)
      this.#spawn(this.#manager)
    }
  }

  /** Whether the worker's file was moved or deleted: a process would only fail to import it, which counts as a young death. */
  #isFileMissing(): boolean {
    const { url } = this.#context.definition
    return url.startsWith('file:') && !existsSync(fileURLToPath(url))
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
    const epoch = systemTime(host.clock).now()
    this.#pass('beforeFork')
    let worker: WorkerProcess | undefined
    const child = manager.spawn({
      group: alias,
      entry: WORKER_MAIN,
      args: process.argv.slice(2),
      initial: this.#openMessage(epoch),
      readyTimeout: options.readyTimeout,
      killAfter: options.killAfter,
      ...(options.env && { env: options.env }),
      execArgv: this.#execArgv,
      onMessage: (message) => worker?.receive(message),
    })
    worker = new WorkerProcess(child, {
      host,
      alias,
      concurrency: options.concurrency,
      timeout: this.#timeout,
      killAfter: options.killAfter,
      limits: recycleLimits(options.recycle, Math.random()),
      epoch,
      onRoom: (freed) => this.#feed(freed),
      onChange: () => this.#assign(),
      onHandback: (submissions) => this.#handBack(submissions),
    })
    this.#workers.add(worker)
    this.#follow(worker, child)
  }

  #pass(name: 'beforeFork' | 'recycle', pid?: number): void {
    const facts = { group: this.#context.alias, ...(pid !== undefined && { pid }) }
    if (this.#seat.probe) passPoint(this.#seat, { name, facts })
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

  /** They come first again, the first one first; when nothing more is to run, they have no other end than this. */
  #handBack(submissions: readonly Submission[]): void {
    for (const submission of submissions.toReversed()) this.#queue.unshift(submission)
    if (this.#closing) this.#refuseWaiting(() => shutdownError(this.#context.alias))
  }

  /** Calls wait for a process that may yet come; but when none ever was ready, none will. */
  #onStartFailed(worker: WorkerProcess, cause: Error): void {
    if (this.#closing) return
    const { alias } = this.#context
    // Until the pool is open, the failed start of the daemon tells it.
    if (this.#opened) this.#tellStartFailure(startError(alias, cause))
    const hope = [...this.#workers].some((other) => other !== worker && !other.retiring)
    if (this.#proven || hope) return
    this.#refuseWaiting(() => startError(alias, cause))
  }

  /** Of those that differ only in numbers, such as a pid, one a minute: they come as often as a start is tried. */
  #tellStartFailure(error: SdError): void {
    const { host, alias } = this.#context
    const kind = error.message.replaceAll(/\d+/g, '0')
    const now = host.clock.now()
    const last = this.#startFailure
    if (last?.kind === kind && now < last.toldAt + REPEAT_PERIOD) {
      last.untold++
      return
    }
    const more = last?.kind === kind && last.untold > 0 ? last.untold : 0
    this.#startFailure = { kind, toldAt: now, untold: 0 }
    if (more === 0) return host.error(error, alias)
    host.error(
      `${error.message} (${more} more of these in the last ${Math.round((now - last!.toldAt) / 1000)} s)`,
      alias,
    )
  }

  /** @param makeError - each call gets an error of its own, because it is told where that call was made. */
  #refuseWaiting(makeError: () => Error): void {
    for (let waiting = this.#queue.shift(); waiting; waiting = this.#queue.shift()) {
      waiting.call.onEnded({ type: 'refused', error: makeError() })
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

  #openMessage(epoch: number): OpenMessage {
    const { host, alias, definition, options } = this.#context
    return {
      url: definition.url,
      ordinal: definition.ordinal,
      methods: definition.methods,
      alias,
      script: process.argv[1],
      concurrency: options.concurrency,
      shares: clonableShares(host, 'SD_WORKERS_UNCLONABLE'),
      reportMemory: options.recycle.memory !== undefined,
      epoch,
    }
  }

  #share(): void {
    const shares = clonableShares(this.#context.host, 'SD_WORKERS_UNCLONABLE')
    for (const worker of this.#workers) worker.share(shares)
  }
}

function startError(alias: string, cause: Error): SdError {
  // What the process itself has said comes as the cause of that.
  const told = (cause as Partial<SdError>).code === 'SD_PROCESS_START_FAILED' ? cause.cause : undefined
  const reason = told instanceof Error ? told.message : cause.message
  const message = `The worker "${alias}" could not be started: ${reason}`
  return new SdError('SD_WORKERS_START_FAILED', message, { cause, pool: alias })
}

function missingFileError(alias: string, url: string): SdError {
  const file = fileURLToPath(url)
  return startError(
    alias,
    new Error(`its file is missing (${file}). Put it there again, or restart the daemon.`),
  )
}
