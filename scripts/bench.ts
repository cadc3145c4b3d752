/**
 * What a worker call costs beyond the process below it: Simple Daemon and a bare `child_process.fork` with
 * `process.send`, measured in turns in the same run, on the built packages. `npm run bench`.
 */
import { fork } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { createDaemon } from '@sd/core'
import { defineWorker, workers } from '@sd/workers'

const ROUNDS = 3
const IN_FLIGHT = 1000
/** Milliseconds of each measurement, so that the whole takes the same time on any machine. */
const DURATION = 700

/** What is called: it does nothing, so that only the way there and back is measured. */
export const nothing = defineWorker(import.meta.url, (n: number): number => n)

/** One way to have a number sent to another process and back. */
type Call = (n: number) => PromiseLike<number>

/** Calls per second with so many in flight. */
async function measureThroughput(call: Call): Promise<number> {
  let calls = 0
  const start = performance.now()
  const callOn = async (): Promise<void> => {
    while (performance.now() - start < DURATION) await call(calls++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, callOn))
  return calls / ((performance.now() - start) / 1000)
}

/** The median time of one call after the other, in microseconds. */
async function measureLatency(call: Call): Promise<number> {
  const times: number[] = []
  const end = performance.now() + DURATION
  for (let start = performance.now(); start < end; start = performance.now()) {
    await call(times.length)
    times.push((performance.now() - start) * 1000)
  }
  return median(times)
}

/** A loop that does nothing but let I/O have its turn, as the daemon's does with `interval: 0`. */
async function measureBareLoop(): Promise<number> {
  let iterations = 0
  const start = performance.now()
  while (performance.now() - start < DURATION) {
    await new Promise((resolve) => setImmediate(resolve))
    iterations++
  }
  return iterations / ((performance.now() - start) / 1000)
}

async function measureDaemonLoop(): Promise<number> {
  let iterations = 0
  let start = 0
  const daemon = createDaemon({ name: 'bench-loop', interval: 0, signals: false, logger: silent })
    .setup(() => {
      start = performance.now()
    })
    .execute((daemon) => {
      iterations++
      if (performance.now() - start >= DURATION) void daemon.stop()
    })
  await daemon.run()
  return iterations / ((performance.now() - start) / 1000)
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} }

/** A bare child: numbered messages, a map of who waits. */
function startBareChild(): { call: Call; end(): void } {
  const child = fork(new URL('./bench-child.ts', import.meta.url), { serialization: 'advanced' })
  const waiting = new Map<number, (result: number) => void>()
  let lastId = 0
  child.on('message', ({ id, n }: { id: number; n: number }) => {
    waiting.get(id)?.(n)
    waiting.delete(id)
  })
  return {
    call: (n) =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        child.send({ id, n })
      }),
    end: () => child.disconnect(),
  }
}

interface Row {
  readonly what: string
  readonly unit: string
  readonly daemon: number[]
  readonly bare: number[]
}

const throughput: Row = { what: `calls, ${IN_FLIGHT} in flight`, unit: 'calls/s', daemon: [], bare: [] }
const latency: Row = { what: 'one call after the other, p50', unit: 'µs', daemon: [], bare: [] }
const loop: Row = { what: 'continuous loop', unit: 'iterations/s', daemon: [], bare: [] }

const daemon = createDaemon({ name: 'bench', signals: false, logger: silent })
  .use(workers({ nothing: { worker: nothing, concurrency: IN_FLIGHT }, single: nothing }))
  .execute(async (daemon) => {
    const bare = startBareChild()
    await warmUp(daemon.workers.nothing)
    await warmUp(daemon.workers.single)
    await warmUp(bare.call)
    for (let round = 0; round < ROUNDS; round++) {
      throughput.daemon.push(await measureThroughput(daemon.workers.nothing))
      throughput.bare.push(await measureThroughput(bare.call))
      latency.daemon.push(await measureLatency(daemon.workers.single))
      latency.bare.push(await measureLatency(bare.call))
    }
    bare.end()
    void daemon.stop()
  })
const report = await daemon.run()
if (report.error) throw report.error
for (let round = 0; round < ROUNDS; round++) {
  loop.daemon.push(await measureDaemonLoop())
  loop.bare.push(await measureBareLoop())
}
printTable([throughput, latency, loop])

async function warmUp(call: Call): Promise<void> {
  for (let n = 0; n < 2000; n++) await call(n)
}

function printTable(rows: readonly Row[]): void {
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores, ${cpus()[0]?.model.trim()}; median of ${ROUNDS} rounds`,
  )
  console.log('1 worker, a call that does nothing; bare: child_process.fork and process.send, setImmediate\n')
  console.log(line('', 'Simple Daemon', 'bare', 'unit', 'ratio'))
  for (const { what, unit, daemon, bare } of rows) {
    const [ours, theirs] = [median(daemon), median(bare)]
    console.log(line(what, format(ours), format(theirs), unit, (ours / theirs).toFixed(2)))
  }
}

function line(what: string, daemon: string, bare: string, unit: string, ratio: string): string {
  return `${what.padEnd(31)}${daemon.padStart(14)}${bare.padStart(12)}  ${unit.padEnd(13)}${ratio.padStart(6)}`
}

function format(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
