import type { Deadline, Json, PluginHost } from '@sd/core'
import type { Child } from './child.ts'
import type { ChildSpec } from './child-spec.ts'
import { createProcessManager } from './create-process-manager.ts'

/** The child processes of one daemon. */
export interface ProcessManager {
  /**
   * Starts a child. Returns at once; what goes wrong from here on, also that the system refuses the process,
   * comes through `ready` and `exited`.
   *
   * @throws SdError `SD_PROCESS_OPTIONS` when the spec is wrong.
   * @throws DOMException `DataCloneError` when structured clone does not take `initial`.
   */
  spawn(spec: ChildSpec): Child
  /** The living children, of one group or of all. */
  children(group?: string): readonly Child[]
  /** Milliseconds for which the group must not spawn because its children die young; 0: now. */
  spawnDelay(group: string): number
  /** Resolves when the group may spawn, and also when the manager closes (`spawn` then refuses). */
  whenSpawnAllowed(group: string): Promise<void>
  /**
   * Drains all children, of one group or of all, against one deadline; `spawn` refuses them from now on.
   *
   * @returns when they are gone.
   */
  drain(deadline: Deadline, group?: string): Promise<void>
  /** SIGKILLs what is left and waits until it is gone; `spawn` refuses from now on. Idempotent. */
  close(): Promise<void>
  /**
   * The time of a child stands still from now on, because a debugger has paused it: see {@link Child.clock}.
   *
   * @param pid - of a living child; else nothing happens.
   * @param since - when it was paused: milliseconds of `process.hrtime`. @default now
   */
  freeze(pid: number, since?: number): void
  /** Its time goes on. @param at - as for {@link ProcessManager.freeze}. */
  thaw(pid: number, at?: number): void
  /**
   * Has a module imported in every child, those that live and those to come, where its export `start(data)` is
   * called; see `DebugModule` of `@sd/core`. A child that begins later does this before anything else, provided that
   * its entry awaits {@link ParentLink.attached}. The same module with the same data is attached once, until the
   * last one who asked for it detaches.
   *
   * @param module - a `file:` URL.
   * @returns detaches: what `start` returned is called.
   */
  attach(module: string, data: Json): () => void
  /**
   * Opens the inspector of a child from outside, by SIGUSR1: that works in an endless loop, too.
   *
   * @returns its address, `ws://127.0.0.1:…` with a secret path; undefined when there is none within ten seconds.
   */
  openInspector(pid: number): Promise<string | undefined>
  /** The process through which a large daemon starts others, while there is one. */
  readonly spawner: number | undefined
  /**
   * Per group its children (pid, state, uptime) and churn, how many were spawned and have exited, and the pid of
   * the spawner of a large daemon.
   */
  inspect(): Json
}

/** Plugins do not know each other, but share the daemon's manager. It goes when the daemon does. */
const managers = new WeakMap<object, ProcessManager>()

/**
 * The process manager of a daemon: the same one for each of its plugins. Creating it does no I/O.
 *
 * @example
 * ```ts
 * const primes = processManager(host).spawn({ group: 'primes', entry: new URL('./primes.js', import.meta.url) })
 * await primes.ready
 * ```
 */
export function processManager(host: PluginHost): ProcessManager {
  let manager = managers.get(host.daemon)
  if (!manager) {
    manager = createProcessManager(host)
    managers.set(host.daemon, manager)
  }
  return manager
}
