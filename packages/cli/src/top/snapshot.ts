import type { Json } from '@sd/core'
import { asStatus, type DaemonStatus } from '../daemons/daemon-status.ts'
import {
  asFacts,
  asList,
  asNumber,
  asNumberOrNull,
  asText,
  type Facts,
  isFacts,
} from '../daemons/read-facts.ts'
import type { ProcessorMeter } from './processor-meter.ts'

/** A process of the daemon. */
export interface ProcessView {
  readonly pid: number
  /** `daemon`, `primes #2`. */
  readonly role: string
  /** Milliseconds. */
  readonly uptime: number | null
  /** In RAM, bytes. */
  readonly memory: number | null
  /** Share of one processor's time since the snapshot before, from 0 on; null: not known yet. */
  readonly processor: number | null
}

/** Durations in milliseconds, of the last calls that returned. */
export interface MethodView {
  readonly name: string
  readonly count: number
  readonly mean: number
  readonly p99: number
}

/** Where calls, or tasks, are run. */
export interface PoolView {
  /** The plugin, and the pool in it: `workers.primes`. */
  readonly name: string
  /** How many may run at the same time; null: as many as there are. */
  readonly size: number | null
  readonly busy: number
  readonly queued: number
  readonly methods: readonly MethodView[]
}

/** A call that has not settled. */
export interface CallView {
  readonly id: number
  readonly pool: string
  readonly method: string
  readonly status: string
  readonly pid: number | null
  readonly retries: number
  /** Milliseconds. */
  readonly age: number | null
}

/** A daemon at one moment. */
export interface Snapshot {
  readonly name: string
  readonly pid: number
  readonly state: string
  /** Milliseconds. */
  readonly uptime: number
  readonly restarts: number
  readonly canRestart: boolean
  readonly loop: DaemonStatus['loop']
  /** Of all processes together, bytes. */
  readonly memory: number
  /** Of all processes together; null: not known yet. */
  readonly processor: number | null
  /** The daemon's own comes first. */
  readonly processes: readonly ProcessView[]
  readonly pools: readonly PoolView[]
  readonly calls: readonly CallView[]
}

/** Makes a snapshot of what a daemon answers to `status`, as far as it is one. */
export function readSnapshot(answer: Json, meter: ProcessorMeter): Snapshot {
  const { name, pid, state, uptime, restarts, canRestart, loop } = asStatus(answer)
  const facts = asFacts(answer)
  const processes = readProcesses(asFacts(facts.processes), uptime, meter)
  const known = processes.flatMap(({ processor }) => processor ?? [])
  return {
    ...{ name, pid, state, uptime, restarts, canRestart, loop },
    memory: processes.reduce((sum, { memory }) => sum + (memory ?? 0), 0),
    processor: known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0),
    processes,
    ...readPlugins(asFacts(facts.plugins)),
  }
}

function readProcesses(tree: Facts, uptime: number, meter: ProcessorMeter): ProcessView[] {
  const { children, ...daemon } = tree
  const all: Facts[] = [{ uptime, ...daemon }, ...asList(children)]
  const processors = meter.read(
    uptime,
    all.map((each) => ({ pid: asNumber(each.pid), used: asNumberOrNull(each.cpu) })),
  )
  return all.map((each, index) => ({
    pid: asNumber(each.pid),
    role: asText(each.role),
    uptime: asNumberOrNull(each.uptime),
    memory: asNumberOrNull(each.memory),
    processor: processors[index] ?? null,
  }))
}

/** Plugins that run calls show pools with `calls`; the one that runs tasks is a pool itself, with `groups`. */
function readPlugins(plugins: Facts): { pools: PoolView[]; calls: CallView[] } {
  const pools: PoolView[] = []
  const calls: CallView[] = []
  for (const [plugin, told] of Object.entries(plugins)) {
    const facts = asFacts(told)
    if (isFacts(facts.groups)) {
      pools.push(readTasks(plugin, facts))
      continue
    }
    for (const [name, pool] of Object.entries(facts)) {
      if (!isFacts(pool) || !Array.isArray(pool.calls)) continue
      pools.push(readPool(`${plugin}.${name}`, pool))
      calls.push(...asList(pool.calls).map((call) => readCall({ ...call, pool: name })))
    }
  }
  return { pools, calls }
}

function readPool(name: string, pool: Facts): PoolView {
  return {
    name,
    size: asNumberOrNull(pool.size),
    busy: asList(pool.processes).filter(({ running }) => asNumber(running) > 0).length,
    queued: asNumber(pool.queued),
    methods: readMethods(asFacts(pool.methods)),
  }
}

function readTasks(name: string, tasks: Facts): PoolView {
  return {
    name,
    size: asNumberOrNull(tasks.limit),
    busy: asNumber(tasks.running),
    queued: asNumber(tasks.waiting),
    methods: readMethods(asFacts(tasks.groups)),
  }
}

function readMethods(methods: Facts): MethodView[] {
  return Object.entries(methods).map(([name, told]) => {
    const { count, mean, p99 } = asFacts(told)
    return { name, count: asNumber(count), mean: asNumber(mean), p99: asNumber(p99) }
  })
}

/** Takes what is told of a call for what it should be. */
export function readCall(call: Facts): CallView {
  return {
    id: asNumber(call.id),
    pool: asText(call.pool),
    method: asText(call.method),
    status: asText(call.status),
    pid: asNumberOrNull(call.pid),
    retries: asNumber(call.retries),
    age: asNumberOrNull(call.age),
  }
}
