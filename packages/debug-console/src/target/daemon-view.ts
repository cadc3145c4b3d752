import { inspect } from 'node:util'
import type { CallView, DebugFacet, DebugProcess, DebugType, Json, PluginHost } from '@sd/core'
import { showArgs } from './point-probe.ts'

/** A call on one line. */
export interface CallLine {
  readonly id: number
  readonly pool: string
  readonly method: string
  readonly args: string
  readonly status: string
  readonly settled: boolean
  readonly retries: number
  readonly pid: number | null
  /** Milliseconds since it was made. */
  readonly age: number
}

/** A call with all that is known of it. */
export interface CallPage extends CallLine {
  /** Milliseconds from the making of the call to each status. */
  readonly times: readonly (readonly [status: string, after: number])[]
  readonly result?: string
  readonly error?: string
}

/**
 * What the daemon's main thread tells and does for the hub. Everything here is synchronous, and may be called at any moment:
 * while the main thread is paused, or in the middle of whatever it does.
 */
export class DaemonView {
  readonly #host: PluginHost

  constructor(host: PluginHost) {
    this.#host = host
  }

  processes(): DebugProcess[] {
    return this.#facets((facet) => facet.processes?.() ?? [])
  }

  types(): DebugType[] {
    return this.#facets((facet) => facet.types?.() ?? [])
  }

  calls(): CallLine[] {
    return this.#views().map((view) => this.#line(view))
  }

  /** The calls that run in a process. */
  callsOf(pid: number): CallLine[] {
    return this.calls().filter((call) => call.pid === pid && !call.settled && call.status === 'running')
  }

  /** @param pool - undefined: of whichever pool. */
  call(id: number, pool: string | undefined): CallPage | null {
    const view = this.#views().find((each) => each.id === id && (pool === undefined || each.pool === pool))
    if (!view) return null
    const made = view.times.called ?? 0
    return {
      ...this.#line(view),
      times: Object.entries(view.times)
        .map(([status, at]) => [status, (at ?? made) - made] as const)
        .sort(([, one], [, other]) => one - other),
      ...('result' in view && { result: show(view.result) }),
      ...(view.error && { error: view.error.stack ?? String(view.error) }),
    }
  }

  /**
   * Gives a call up: before the process that runs it goes on, or its result would be there first.
   *
   * @param paused - whether the main thread is; else it is done when that has come back to itself.
   */
  async abort(pool: string, id: number, paused: boolean): Promise<void> {
    if (!paused) await new Promise((resolve) => setImmediate(resolve))
    for (const facet of this.#all) facet.abort?.(pool, id)
  }

  freeze(pid: number, since: number): void {
    for (const facet of this.#all) facet.freeze?.(pid, since)
  }

  thaw(pid: number, at: number): void {
    for (const facet of this.#all) facet.thaw?.(pid, at)
  }

  log(message: string): void {
    this.#host.log(message)
  }

  status(): Json {
    const daemon = this.#host.daemon as { inspect?(): { state: string; uptime: number; memory: object } }
    const { state, uptime, memory, loop } = (daemon.inspect?.() ?? {}) as Record<string, Json>
    return { state: state ?? null, uptime: uptime ?? null, memory: memory ?? null, loop: loop ?? null }
  }

  terminate(): void {
    const daemon = this.#host.daemon as { terminate?(by: string): void }
    // When the main thread has come back to itself.
    setImmediate(() => daemon.terminate?.('shutdown at the debug console'))
  }

  /** @returns how a call, or a task, ended, as text. */
  async run(pool: string, method: string, args: readonly unknown[]): Promise<string> {
    // Not in the middle of what the main thread does.
    await new Promise((resolve) => setImmediate(resolve))
    const owner = this.#all.find((facet) =>
      facet.types?.().some((type) => type.pool === pool && type.methods.includes(method)),
    )
    const name = pool === method ? method : `${pool}.${method}`
    try {
      const result = await owner?.run?.(pool, method, args)
      return `${name}(${showArgs(args)}) has returned ${show(result)}`
    } catch (error) {
      return `${name}(${showArgs(args)}) has failed: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`
    }
  }

  async openInspector(pid: number): Promise<string | undefined> {
    for (const facet of this.#all) {
      const address = await facet.openInspector?.(pid)
      if (address !== undefined) return address
    }
    return undefined
  }

  get #all(): DebugFacet[] {
    return Object.values(this.#host.facets())
  }

  #facets<Item>(list: (facet: DebugFacet) => readonly Item[]): Item[] {
    return this.#all.flatMap((facet) => [...list(facet)])
  }

  #views(): CallView[] {
    return this.#facets((facet) => facet.calls?.() ?? [])
  }

  #line(view: CallView): CallLine {
    const { id, pool, method, args, status, settled, retries, pid = null, times } = view
    const age = this.#host.clock.now() - (times.called ?? this.#host.clock.now())
    return { id, pool, method, args: showArgs(args), status, settled, retries, pid, age }
  }
}

function show(value: unknown): string {
  const text = inspect(value, {
    depth: 3,
    maxArrayLength: 100,
    maxStringLength: 4000,
    customInspect: false,
    compact: 3,
    breakLength: 100,
  })
  return text.length > 8000 ? `${text.slice(0, 8000)}…` : text
}
