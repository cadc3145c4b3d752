/** A pool of workers, as its plugin tells of it. */
export interface PoolFacts {
  readonly name: string
  readonly size: number
  /** Processes with a call. */
  readonly busy: number
  /** Calls that wait. */
  readonly queued: number
  readonly methods: readonly {
    readonly method: string
    readonly calls: number
    readonly mean: number
    readonly p99: number
  }[]
}

/** Those of a lease, of whichever lock. */
const LEASE_STATES: readonly string[] = ['free', 'held', 'lost', 'released']

type Facts = Readonly<Record<string, unknown>>

/** The pools among what plugins tell: whatever has processes and methods, whoever brings it. */
export function readPools(plugins: Facts): PoolFacts[] {
  return Object.values(plugins).flatMap((plugin) =>
    Object.entries(asFacts(plugin)).flatMap(([name, told]) => {
      const { size, processes, queued, methods } = asFacts(told)
      if (!Array.isArray(processes) || typeof size !== 'number') return []
      return [
        {
          name,
          size,
          busy: processes.filter((process) => Number(asFacts(process).running) > 0).length,
          queued: Number(queued ?? 0),
          methods: Object.entries(asFacts(methods)).map(([method, statistics]) => {
            const { count, mean, p99 } = asFacts(statistics)
            return { method, calls: Number(count ?? 0), mean: Number(mean ?? 0), p99: Number(p99 ?? 0) }
          }),
        },
      ]
    }),
  )
}

/** What the locks say, in words, by the names of their plugins: whatever has a lease's state, whoever brings it. */
export function readLocks(plugins: Facts): { readonly plugin: string; readonly text: string }[] {
  return Object.entries(plugins).flatMap(([plugin, told]) => {
    const { state, name, token } = asFacts(told)
    if (typeof state !== 'string' || !LEASE_STATES.includes(state)) return []
    return [{ plugin, text: name === undefined ? state : `${state}: ${name}, token ${token}` }]
  })
}

function asFacts(value: unknown): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : {}
}
