import { type Clock, type PluginHost, systemClock } from '@sd/core'

/** What a {@link FakeHost} was told. */
export interface Told {
  readonly records: { pid: number; label: string; level?: string; message: string }[]
  readonly events: { event: string; payload: Record<string, unknown> }[]
  readonly errors: string[]
  readonly fatal: string[]
}

/** As much of a daemon as a process manager asks for. */
export function createFakeHost(clock: Clock = systemClock, name = 'test-daemon'): PluginHost & Told {
  const told: Told = { records: [], events: [], errors: [], fatal: [] }
  const host: PluginHost = {
    daemon: {},
    plugin: 'fake',
    name,
    interval: 1000,
    clock,
    priority: 0,
    signal: new AbortController().signal,
    runRequested: true,
    log: () => {},
    debug: () => {},
    error: (message) => void told.errors.push(String(message)),
    fatalError: (message) => void told.fatal.push(String(message)),
    record: (record) => void told.records.push(record),
    on: () => Object.assign(() => {}, { event: 'error' as const }),
    off: () => {},
    dispatch: (event, payload) =>
      void told.events.push({ event, payload: payload as unknown as Record<string, unknown> }),
    hasListeners: () => false,
    shares: () => ({}),
    shareChanged: () => {},
    facets: () => ({}),
  }
  return Object.assign(host, told)
}
