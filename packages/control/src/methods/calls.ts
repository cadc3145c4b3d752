import type { Json } from '@sd/core'

type Facts = { readonly [key: string]: Json | undefined }

/**
 * The calls that are under way. Plugins do not know each other: one that runs calls shows them in what it tells of
 * itself, as `{ <pool>: { calls: [...] } }`.
 *
 * @param plugins - each plugin's `inspect()`.
 */
export function listCalls(plugins: Readonly<Record<string, Json>>): Json {
  const calls: Json[] = []
  const pools: Json[] = []
  for (const [plugin, told] of Object.entries(plugins)) {
    for (const [pool, facts] of Object.entries(asFacts(told))) {
      const { calls: own, processes, ...rest } = asFacts(facts)
      if (!Array.isArray(own)) continue
      pools.push({ plugin, pool, ...rest, processes: Array.isArray(processes) ? processes.length : 0 })
      calls.push(...own.map((call: Json) => ({ plugin, pool, ...asFacts(call) })))
    }
  }
  return { pools, calls }
}

function asFacts(value: Json | undefined): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : {}
}
