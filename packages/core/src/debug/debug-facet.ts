import type { Awaitable, Json } from '../json.ts'

/** A process, as a debugger lists it. */
export interface DebugProcess {
  readonly pid: number
  /** What it is there for: `daemon`, `worker`, `task`, `spare` (waits for a task), `spawner`. */
  readonly role: string
  /** The pool or the group that it belongs to; of the daemon its name. */
  readonly group: string
  /** Its number in the group, from 1; 0 where there are no numbers. */
  readonly index: number
  /** As in `Child.state`; of the daemon as in `daemon.state`. */
  readonly state: string
}

/** What can be called: a pool and its methods, or a task. */
export interface DebugType {
  /** The pool's alias; the group of a task. */
  readonly pool: string
  /** What can be given to {@link DebugFacet.run}; a function worker and a task have one of the pool's own name. */
  readonly methods: readonly string[]
}

/** A call, or a task, as it is at this moment. Its values are the user's own objects: not copies. */
export interface CallView {
  readonly id: number
  /** The pool's alias; the group of a task. */
  readonly pool: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly status: string
  /** Whether it has come to its end. */
  readonly settled: boolean
  /** How often it was tried again. */
  readonly retries: number
  /** The process that runs or last ran it. */
  readonly pid: number | undefined
  /** When it reached each status: milliseconds by the daemon's clock, which stands still while the daemon is paused. */
  readonly times: Readonly<Partial<Record<string, number>>>
  /** What it returned, once it has. */
  readonly result?: unknown
  /** Why it failed, once it has. */
  readonly error?: Error
}

/** How another thread of the same process can go on renewing a lease while the main thread is paused. */
export interface LeaseRenewal {
  /**
   * The `file:` URL of a module to be imported in that thread. It exports `hold(data)`, which renews the lease when
   * it is due, and returns what ends that: `() => Promise<void>`. Call it when the main thread has paused, and end it, and
   * wait for that, before the main thread goes on. The lease finds out by itself what was renewed. A `hold`
   * that has nothing to do yet opens nothing.
   */
  readonly module: string
  /** Given to `hold`. Anything that structured clone takes, memory that is shared included: so no JSON. */
  readonly data: unknown
}

/**
 * What a plugin lets a debugger see and do. All of it is called on the daemon's main thread, and none of it throws
 * because it does not know the process, the pool or the call: it says so, or does nothing.
 */
export interface DebugFacet {
  /** The processes that are there for this plugin, and live. */
  processes?(): readonly DebugProcess[]
  /**
   * From now on the time of this process stands still, because it is paused: the timeouts of its calls, the time that
   * it has to become ready, its age. What the daemon was told to end, by a `cancel()` or its own stop, is ended in
   * its time all the same. Nothing happens where it stands still already, or is none of this plugin's.
   *
   * @param pid - undefined: the time of the whole daemon, until `thaw(undefined)` or until it is told to stop.
   * @param since - when it was paused: monotonic milliseconds, as `process.hrtime` counts them. @default now
   */
  freeze?(pid: number | undefined, since?: number): void
  /**
   * Its time goes on. @param pid - as for `freeze`. @param at - when it went on, as for `freeze`. @default now
   */
  thaw?(pid: number | undefined, at?: number): void
  /**
   * Has a module imported in all child processes of this plugin, those that live and those to come, and calls its
   * export `start(data)` there. In a child that begins later this is done, and awaited, before the user's file is imported.
   * `start` may return a function, or a promise of one, that undoes it all: it is called when the attachment ends. A
   * module that fails is told of in the log; the child goes on. The same module with the same data is attached once,
   * however many plugins do it.
   *
   * @param module - a `file:` URL.
   * @returns detaches.
   */
  attach?(module: string, data: Json): () => void
  /**
   * Opens the V8 inspector of a process from outside, on loopback, with a port and a path that nobody can guess: for one
   * that is stuck and has nothing attached. It stays open.
   *
   * @returns the address, `ws://127.0.0.1:…`; undefined when the process does not answer or is none of this plugin's.
   */
  openInspector?(pid: number): Promise<string | undefined>
  /** What can be run. */
  types?(): readonly DebugType[]
  /** The calls under way, and the last that have settled while a probe was there: the latest ones, in order of ids. */
  calls?(): readonly CallView[]
  /** One of them. */
  call?(pool: string, id: number): CallView | undefined
  /** Gives a call up, as its `cancel()` does. @returns false when there is none under way. */
  abort?(pool: string, id: number): boolean
  /**
   * Makes a call, or runs a task.
   *
   * @returns its result.
   * @throws what a call rejects with, also for what does not exist.
   */
  run?(pool: string, method: string, args: readonly unknown[]): Promise<unknown>
  /** How a lease is renewed by another thread; undefined while none is held: ask again after the event `started`. */
  renewal?(): LeaseRenewal | undefined
}

/** What a module that is attached exports. */
export interface DebugModule {
  /** Called once in each process. What it returns undoes it. */
  start(data: Json): Awaitable<void | (() => Awaitable<void>)>
}
