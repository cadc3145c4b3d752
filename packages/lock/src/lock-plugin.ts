import {
  type Awaitable,
  type Check,
  type Clock,
  definePlugin,
  type Plugin,
  type PluginHost,
  systemTime,
  toError,
} from '@sd/core'
import type { LockBackend } from './backend.ts'
import type { RenewalData } from './hold-lease.ts'
import { Lease } from './lease.ts'
import type { LockService } from './lock-service.ts'
import { defaultTtl, type LockOptions, resolveLockOptions } from './options.ts'

/** What a lock plugin gets to open its backend. */
export interface OpenContext {
  /** The lock's name. */
  readonly name: string
  /** The system's clock: it never stands still. */
  readonly clock: Clock
}

/** How another thread opens a backend over the same lock. */
export interface RenewalThread {
  /** The `file:` URL of a module that exports `hold(data)`: {@link holdLease} with a backend of its own. */
  readonly module: string
  /** What the backend is opened with: plain data. */
  readonly place: unknown
}

/**
 * Makes a lock plugin of a backend: takes the lock when the daemon is set up, renews it from a timer and before
 * each iteration, stops the daemon when it is lost, and releases it as soon as no iteration runs any more.
 *
 * @param plugin - the plugin's name, unless `options.as` gives another.
 * @param options - what the user wrote.
 * @param checks - what the options must be that only this plugin has.
 * @param open - opens the backend; what it throws ends the start.
 * @param missing - as a plugin's `checkEnvironment`.
 * @param thread - how the lease goes on being renewed while a debugger has stopped the main thread.
 * @throws SdError `SD_LOCK_OPTIONS` when an option is wrong.
 */
export function lockPlugin<Options extends LockOptions, Name extends string>(
  plugin: string,
  options: Options,
  checks: { readonly [K in Exclude<keyof Options, keyof LockOptions>]-?: Check },
  open: (context: OpenContext, options: Options) => Awaitable<LockBackend>,
  missing?: (context: OpenContext, options: Options) => Awaitable<readonly string[]>,
  thread?: (context: OpenContext, options: Options) => RenewalThread,
): Plugin<Name, LockService> {
  const resolved = resolveLockOptions(plugin, options, checks)
  return definePlugin((resolved.as ?? plugin) as Name, (host) => {
    // What others must understand, and what runs out also while a debugger has stopped the daemon, is real time.
    const clock = systemTime(host.clock)
    const lease = new Lease((error) => host.fatalError(error), clock)
    let wasHeld = false
    const context = (): OpenContext => ({ name: resolved.name ?? host.name, clock })
    return {
      service: lease,
      // Who stands by waits as long as it was told to.
      ...(resolved.wait > 0 && { setupTimeout: 0 }),
      ...(missing && { checkEnvironment: () => missing(context(), resolved) }),

      async setup() {
        const ttl = resolved.ttl ?? defaultTtl(host.interval)
        const { signal } = host
        const onWaiting = (message: string): void => host.log(message)
        const { name } = context()
        try {
          const backend = await open(context(), resolved)
          await lease.acquire(backend, { name, ttl, wait: resolved.wait, signal, onWaiting })
        } catch (error) {
          // A daemon that is told to stop while it stands by stops in peace.
          if (!signal.aborted) throw error
          return
        }
        wasHeld = true
        host.debug(`Holds the lock "${name}" with token ${lease.token}`)
      },

      beforeExecute() {
        const renewal = lease.renewUnlessFresh()
        return typeof renewal === 'boolean' ? undefined : renewal.then(() => {})
      },

      async drain(deadline, loopEnd, reason) {
        // Whoever comes next in this process goes on with it.
        if (reason === 'restart') return
        // A successor may start as soon as the lock is free: an iteration that still runs keeps it.
        const late = deadline.passed.then(() => true)
        if (!(await Promise.race([loopEnd, late]))) await release(lease, host)
      },

      async teardown(reason) {
        if (reason === 'restart' && (await lease.handOver())) return
        // What still runs now runs until the process ends, and so does the lock.
        lease.abandon()
        await release(lease, host)
      },

      cancelRestart: () => release(lease, host),

      debug: {
        renewal() {
          const data = thread && lease.renewalData()
          if (!data) return undefined
          const { module, place } = thread(context(), resolved)
          return { module, data: { ...data, place } satisfies RenewalData }
        },
      },

      inspect() {
        if (!wasHeld) return { state: lease.state }
        const { name, token, ttl, since, renewals } = lease.holder
        return { state: lease.state, name, token, ttl, since, renewals, isStillMine: lease.isStillMine() }
      },
    }
  })
}

/** The daemon is on its way out: that its lock must expire by itself is worth a word, not more. */
async function release(lease: Lease, host: PluginHost): Promise<void> {
  try {
    await lease.release()
  } catch (thrown) {
    const { message } = toError(thrown)
    host.error(`The lock could not be released and is free when its ttl is over: ${message}`)
  }
}
