import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { noInspectorFlags } from '@sd/core/inspector-flags'
import { ownEntry } from '@sd/core/own-entry'
import { identify, isAlive, type ProcessIdentity } from '@sd/core/process-identity'
import { reviveError } from '../exchange/revive-error.ts'
import type { LaunchPlan, LaunchSurroundings } from '../launch-plan.ts'
import { type LaunchedProcess, namePipes } from '../launched-process.ts'
import { readUmask } from './credentials.ts'
import type { FromSpawner, ToSpawner } from './protocol.ts'

/** The spawner's program: source beside source, built beside built. */
const SPAWNER_MAIN: string = ownEntry(import.meta.url, './main.ts', './spawner/main.js')

/** Milliseconds between two looks at whether a process is gone. */
const LOOK_PERIOD = 5

type ExitHandler = Parameters<LaunchedProcess['onExit']>[0]

/** A process that is asked for. */
interface Order {
  readonly pipes: Socket[]
  settle(result: LaunchedProcess | Error | undefined): void
}

/** A process that runs, as a child of the spawner. */
interface Remote {
  readonly identity: ProcessIdentity | undefined
  onExit: ExitHandler | undefined
}

/** The daemon's side of a spawner: starts processes for it, without copying the daemon's page tables each time. */
export class Spawner {
  /** Resolves when it and all its processes are dead. */
  readonly ended: Promise<void>
  readonly #process: ChildProcess
  readonly #orders = new Map<number, Order>()
  readonly #remotes = new Map<number, Remote>()
  #proven = false
  #lastId = 0
  #alive = true

  /**
   * @param title - what `ps` shows.
   * @throws the system's error when there can be no such process.
   */
  constructor({ protection, compileCache, leaking }: LaunchSurroundings, title: string) {
    const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env
    const own = [SPAWNER_MAIN, String(process.pid), title, ...leaking.map(String)]
    const [file, ...args] = [...protection.prefix, process.execPath, ...noInspectorFlags, ...own]
    this.#process = spawn(file!, args, {
      env: { NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    })
    this.#process.on('message', this.#receive)
    this.#process.unref()
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#alive = false
        void this.#loseAll().then(resolve)
      }
      this.#process.once('exit', end)
      this.#process.once('error', end)
    })
    this.#holdDaemon()
  }

  /** Whether it ever answered. */
  get proven(): boolean {
    return this.#proven
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Whether processes can be started through it. */
  get alive(): boolean {
    return this.#alive && this.#process.pid !== undefined
  }

  /**
   * @returns the process, why the system refused it, or undefined when the spawner died meanwhile.
   * @throws the system's error when it does not tell the mask for files.
   */
  launch(plan: LaunchPlan): Promise<LaunchedProcess | Error | undefined> {
    const umask = readUmask()
    return new Promise((resolve) => {
      const id = ++this.#lastId
      this.#orders.set(id, { pipes: [], settle: resolve })
      this.#holdDaemon()
      this.#send({ type: 'start', id, plan, umask })
    })
  }

  /** Ends it. Its processes should be dead by now; those that are not, die with it. */
  async close(): Promise<void> {
    if (this.#alive) this.#process.ref()
    this.#process.kill('SIGKILL')
    await this.ended
  }

  #receive = (message: unknown, pipe?: unknown): void => {
    const told = message as FromSpawner
    this.#proven = true
    const order = this.#orders.get(told.id)
    if (told.type === 'pipe') {
      if (pipe && order) order.pipes[told.index] = pipe as Socket
    } else if (told.type === 'exited') {
      this.#exited(told.id, told.code, told.signal)
    } else if (order) {
      this.#orders.delete(told.id)
      order.settle(told.type === 'refused' ? reviveError(told.error) : this.#started(order, told))
    }
    this.#holdDaemon()
  }

  #started(
    { pipes }: Order,
    { id, pid, pipes: wanted }: FromSpawner & { type: 'started' },
  ): LaunchedProcess | Error {
    const remote: Remote = { identity: identify(pid), onExit: undefined }
    this.#remotes.set(id, remote)
    if (pipes.filter(Boolean).length < wanted) {
      // The process runs, but this one has no file descriptors left for its pipes.
      for (const pipe of pipes) pipe?.destroy()
      this.#send({ type: 'signal', id, signal: 'SIGKILL' })
      return Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE', syscall: 'spawn' })
    }
    return {
      pid,
      ...namePipes(pipes),
      onExit: (handler) => {
        remote.onExit = handler
      },
      signalGroup: (signal) => this.#send({ type: 'signal', id, signal }),
    }
  }

  #exited(id: number, code: number | null, signal: NodeJS.Signals | null): void {
    const remote = this.#remotes.get(id)
    this.#remotes.delete(id)
    remote?.onExit?.(code, signal)
  }

  /** The system kills the spawner's processes with it; each is dead when it is gone, which may take a moment. */
  async #loseAll(): Promise<void> {
    for (const { settle, pipes } of this.#orders.values()) {
      for (const pipe of pipes) pipe?.destroy()
      settle(undefined)
    }
    this.#orders.clear()
    await Promise.all(
      [...this.#remotes].map(async ([id, { identity }]) => {
        while (identity && stillRuns(identity))
          await new Promise((resolve) => setTimeout(resolve, LOOK_PERIOD))
        this.#exited(id, null, 'SIGKILL')
      }),
    )
  }

  #send(message: ToSpawner): void {
    // What cannot be told to it because it is dead, its end settles.
    if (this.alive && this.#process.connected) this.#process.send(message, () => {})
  }

  /** The daemon runs on for its processes, but not for the spawner itself. */
  #holdDaemon(): void {
    const { channel } = this.#process
    if (this.#orders.size + this.#remotes.size > 0) channel?.ref()
    else channel?.unref()
  }
}

function stillRuns(identity: ProcessIdentity): boolean {
  try {
    return isAlive(identity)
  } catch {
    // The system does not say: not dead as far as we know.
    return true
  }
}
