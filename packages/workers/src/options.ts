import { type Checks, describe, type LogFunction, must, resolveOptions, SdError } from '@sd/core'
import type { Call } from './call/call.ts'
import { isDefinition, type WorkerDefinition } from './definition/define-worker.ts'
import type { CallOf, WorkerShape } from './definition/worker-shape.ts'
import type { EngineFactory } from './engine/engine.ts'
import type { Strategy } from './engine/processes-wanted.ts'
import type { Recycle } from './engine/recycle-limits.ts'

/** Told of a call. `log` writes to the daemon's log under the pool's name. */
export type CallHandler<AnyCall> = (call: AnyCall, log: LogFunction) => unknown

/** The settings of a pool. */
export interface PoolOptions<Worker = WorkerShape> {
  /** What runs in the pool's processes. */
  worker: WorkerDefinition<Worker>
  /** How many processes. @default 1 */
  size?: number
  /** Milliseconds from the start of a call until its process is killed; 0: none. @default 60000 */
  timeout?: number
  /** How often a call that timed out, or whose process died, is tried again by itself. @default 0 */
  retries?: number
  /** How many calls one process runs at a time. @default 1 */
  concurrency?: number
  /**
   * When processes are started. `lazy`: when a call finds none free. `mixed`: one at start, all with the first
   * call. `aggressive`: all at start.
   * @default by the loop's interval: above 2 s, 0 or none lazy, above 1 s mixed, else aggressive
   */
  strategy?: Strategy
  /** How many calls may wait; more are rejected with `SD_WORKERS_QUEUE_FULL`. @default no limit */
  maxQueue?: number
  /** When a process is replaced by a fresh one. @default never */
  recycle?: Recycle
  /** Called with each call that has returned. */
  onReturn?: CallHandler<CallOf<Worker>>
  /**
   * Called with each call that has timed out or whose process died, once `retries` are used up and before the call
   * settles: `call.error` says why, and `call.retry()` here, before it returns, lets the same call run again.
   */
  onTimeout?: CallHandler<CallOf<Worker>>
  /**
   * Called with each call that fails, whatever the reason, before it settles: `call.retry()` as in `onTimeout`. Of
   * timeouts and deaths it hears after `onTimeout`, unless the call is tried again; a function that is both is
   * called once. Cancelled calls, also by a shutdown, have not failed.
   */
  onError?: CallHandler<CallOf<Worker>>
  /** Where the calls run. @default child processes of this daemon */
  engine?: EngineFactory
  /** Milliseconds that a process has from its start until it is ready. @default 30000 */
  readyTimeout?: number
  /** Milliseconds between asking (a cancelled call, a process at its end) and killing. @default 2000 */
  killAfter?: number
  /** Environment variables of the processes, on top of the daemon's. */
  env?: Record<string, string>
  /** Node options of the processes, such as `--max-old-space-size=200`, on top of the daemon's. */
  execArgv?: string[]
}

/** Any call, for code that serves all pools. */
export type AnyCall = Call<unknown>

/** What holds where the user says nothing. */
export const poolDefaults = Object.freeze({
  size: 1,
  timeout: 60_000,
  retries: 0,
  concurrency: 1,
  maxQueue: Number.MAX_SAFE_INTEGER,
  recycle: Object.freeze({}) as Recycle,
  readyTimeout: 30_000,
  killAfter: 2000,
})

/** Options with the defaults filled in. */
export type ResolvedPoolOptions = ReturnType<typeof resolvePoolOptions>

const checks: Checks<PoolOptions> = {
  worker: (value) => (isDefinition(value) ? undefined : 'a worker, as defineWorker() makes it'),
  size: must.beInteger(1, 1024),
  timeout: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  retries: must.beInteger(0),
  concurrency: must.beInteger(1, 100_000),
  strategy: must.beOneOf('lazy', 'mixed', 'aggressive'),
  maxQueue: must.beInteger(0),
  recycle: (value) =>
    typeof value === 'object' && value !== null ? undefined : 'an object { calls, age, memory }',
  onReturn: must.beFunction,
  onTimeout: must.beFunction,
  onError: must.beFunction,
  engine: must.beFunction,
  readyTimeout: must.beNumber(1, Number.POSITIVE_INFINITY, 'milliseconds'),
  killAfter: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  env: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => typeof item === 'string')
      ? undefined
      : 'an object of strings',
  execArgv: must.beTexts,
}

const recycleChecks: Checks<Recycle> = {
  calls: must.beInteger(1),
  age: must.beNumber(1, Number.POSITIVE_INFINITY, 'milliseconds'),
  memory: must.beNumber(1, Number.POSITIVE_INFINITY, 'bytes'),
}

/** @throws SdError `SD_WORKERS_OPTIONS` when a pool cannot have that timeout. */
export function checkTimeout(alias: string, timeout: number): void {
  resolveOptions(`workers.${alias}`, 'SD_WORKERS_OPTIONS', { timeout }, {}, { timeout: checks.timeout })
}

/**
 * @param alias - the pool's name, for the message.
 * @param given - a definition alone, or the pool's options.
 * @throws SdError `SD_WORKERS_OPTIONS` naming the option, its value, and what to write instead.
 */
export function resolvePoolOptions(
  alias: string,
  given: unknown,
): PoolOptions & Required<Pick<PoolOptions, keyof typeof poolDefaults>> {
  const owner = `workers.${alias}`
  const options = isDefinition(given) ? { worker: given } : given
  if (typeof options !== 'object' || options === null || !('worker' in options)) {
    const message = `${owner}: must be a worker, as defineWorker() makes it, or an object with one as "worker", not ${describe(given)}.`
    throw new SdError('SD_WORKERS_OPTIONS', message, { option: 'worker' })
  }
  const resolved = resolveOptions(owner, 'SD_WORKERS_OPTIONS', options as PoolOptions, poolDefaults, checks)
  resolveOptions(`${owner}.recycle`, 'SD_WORKERS_OPTIONS', resolved.recycle, {}, recycleChecks)
  return resolved as ReturnType<typeof resolvePoolOptions>
}
