import { getPriority } from 'node:os'
import type { Clock } from './clock.ts'
import type { DaemonLog } from './daemon-log.ts'
import type { DebugFacet } from './debug/debug-facet.ts'
import type { EventBus } from './event-bus.ts'
import { withLabel } from './log/log-arguments.ts'
import type { PluginHost } from './plugin.ts'
import type { PluginRegistry } from './plugin-registry.ts'

/** The parts of a daemon that its plugins reach through their host. */
export interface HostParts {
  readonly clock: Clock
  readonly bus: EventBus
  readonly log: DaemonLog
  readonly plugins: PluginRegistry
  /** The daemon's own. */
  readonly facet: DebugFacet
  isRunRequested(): boolean
}

/** The public members of a daemon that its plugins reach through their host. */
type HostDaemon = Pick<PluginHost, 'signal' | 'log' | 'debug' | 'error' | 'fatalError'> & {
  is(flag: 'verbose'): boolean
}

/**
 * Makes what one plugin sees of its daemon.
 *
 * @param settings - asked each time, because they may change until the daemon starts.
 */
export function createPluginHost(
  plugin: string,
  daemon: HostDaemon,
  settings: () => { readonly name: string; readonly interval: number | null },
  { clock, bus, log, plugins, facet, isRunRequested }: HostParts,
): PluginHost {
  return {
    daemon,
    get name() {
      return settings().name
    },
    get interval() {
      return settings().interval
    },
    plugin,
    clock,
    get priority() {
      return getPriority()
    },
    signal: daemon.signal,
    get runRequested() {
      return isRunRequested()
    },
    log: (...values) => daemon.log(...withLabel(values, plugin)),
    debug: (...values) => daemon.debug(...withLabel(values, plugin)),
    error: (...values) => daemon.error(...withLabel(values, plugin)),
    fatalError: (...values) => daemon.fatalError(...withLabel(values, plugin)),
    record: (record) => {
      if (record.level !== 'debug' || daemon.is('verbose')) log.record(record)
    },
    on: bus.on,
    off: bus.off,
    dispatch: bus.dispatch,
    hasListeners: bus.hasListeners,
    shares: () => plugins.shares((name, error) => daemon.error(`share() failed: ${error.message}`, name)),
    shareChanged: () => bus.dispatch('share', { plugin }),
    facets: () => ({ daemon: facet, ...plugins.facets() }),
  }
}
