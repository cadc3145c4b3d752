import { isDeepStrictEqual } from 'node:util'
import { keepInFlight } from './keep-in-flight.ts'
import { kilobyteObject } from './kilobyte-object.ts'
import { fastPools, pools } from './subjects.ts'
import { usePool } from './use-pool.ts'
import { warmUpFor } from './warm-up.ts'
import type { Workload } from './workload.ts'

const OBJECTS_IN_FLIGHT = 100
const BUFFERS_IN_FLIGHT = 4
const MEBIBYTE = 1024 * 1024

/** A plain object there and back. */
export const objectEcho: Workload = {
  name: 'object',
  title: `A plain object of 1 KB of JSON there and back, ${OBJECTS_IN_FLIGHT} in flight, 1 worker`,
  metrics: [{ name: 'rate', unit: 'calls/s', better: 'more' }],
  subjects: pools,
  quick: fastPools,
  measure: (subject, duration) => measureEcho(subject, kilobyteObject, OBJECTS_IN_FLIGHT, duration),
}

/** Bytes there and back. */
export const bufferEcho: Workload = {
  name: 'buffer',
  title: `A Buffer of 1 MiB there and back, ${BUFFERS_IN_FLIGHT} in flight, 1 worker; each way there and back counts as 1 MiB`,
  metrics: [{ name: 'rate', unit: 'MiB/s', better: 'more' }],
  subjects: pools,
  quick: [
    'simple-daemon',
    'piscina',
    'tinypool-thread',
    'workerpool-thread',
    'jest-worker-thread',
    'poolifier-cluster-advanced',
    'jest-worker-process',
    'fork-advanced',
    'socket-json',
  ],
  measure: (subject, duration) =>
    measureEcho(subject, Buffer.alloc(MEBIBYTE, 'Simple Daemon'), BUFFERS_IN_FLIGHT, duration),
}

function measureEcho(
  subject: string,
  value: unknown,
  inFlight: number,
  duration: number,
): Promise<{ rate: number }> {
  return usePool(subject, 1, async (pool) => {
    const call = (): PromiseLike<unknown> => pool.call('echo', value)
    if (value === kilobyteObject && !isDeepStrictEqual(await call(), value)) {
      throw new Error('It gave back something else.')
    }
    await keepInFlight(call, inFlight, warmUpFor(duration))
    return { rate: await keepInFlight(call, inFlight, duration) }
  })
}
