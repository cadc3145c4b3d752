/** Not run: the compiler proves these. Each `@ts-expect-error` is a line that must not compile. */
import { createDaemon, Daemon } from '@sd/core'
import { defineWorker, WorkerBase, workers } from '@sd/workers'

const primes = defineWorker(import.meta.url, {
  setup() {
    this.log('up')
    // @ts-expect-error the context has no such member
    this.lag('up')
  },
  teardown() {},
  sieve(start: number, end: number): number[] {
    return this.isPrime(start) ? [end] : []
  },
  isPrime: (n: number): boolean => n > 1,
  async later(): Promise<string> {
    return this.call?.method ?? ''
  },
  limit: 5,
})
const factors = defineWorker(import.meta.url, (n: number): number[] => [n])
const context = defineWorker(import.meta.url, function (n: number): string {
  this.log(`${n}`)
  return this.daemon('ini') === null ? 'a' : 'b'
})

class Counter extends WorkerBase {
  readonly #start: number
  constructor(start: number, label: string) {
    super()
    this.#start = start + label.length
  }
  next(): number {
    this.log('next')
    return this.#start
  }
}
const counter = defineWorker(import.meta.url, Counter, 1, 'x')
// @ts-expect-error a constructor argument is missing
defineWorker(import.meta.url, Counter, 1)
// @ts-expect-error a constructor argument is of the wrong type
defineWorker(import.meta.url, Counter, 1, 2)

const daemon = createDaemon({ name: 'typed', interval: 1000 })
  .use(
    workers({
      primes: {
        worker: primes,
        size: 4,
        onReturn(call, log) {
          log(`call ${call.id} ${call.method}`)
          if (call.method === 'sieve') {
            const [start, end]: readonly number[] = call.args
            const found: number[] | undefined = call.result
            log(`${start} ${end} ${found?.length}`)
          }
          // @ts-expect-error no method has this name
          if (call.method === 'nope') log('nope')
        },
        onTimeout(call, log) {
          if (call.retries < 3) call.retry()
          else log('I give up')
        },
      },
      factors,
      context,
      counter,
    }),
  )
  .setup((daemon) => {
    const size: number = daemon.workers.pool('primes').size
    daemon.workers.pool('primes').onReturn((call) => daemon.log(`${call.id} ${size}`))
  })
  .execute(async (daemon) => {
    const found: number[] = await daemon.workers.primes.sieve(1, 100)
    const list: number[] = await daemon.workers.factors(12)
    const text: string = await daemon.workers.primes.later()
    const next: number = await daemon.workers.counter.next()
    const inline: boolean = await daemon.workers.pool('primes').inline.isPrime(7)
    const call = daemon.workers.primes.sieve(1, 2)
    const status: 'uncalled' | 'called' | 'running' | 'returned' | 'cancelled' | 'timeout' | 'failed' =
      call.status
    daemon.log(`${found} ${list} ${text} ${next} ${inline} ${status} ${await daemon.workers.context(1)}`)

    // @ts-expect-error wrong argument
    daemon.workers.primes.sieve('x')
    // @ts-expect-error a missing argument
    daemon.workers.primes.sieve(1)
    // @ts-expect-error no such method
    daemon.workers.primes.siev(1, 2)
    // @ts-expect-error setup is the worker's own
    daemon.workers.primes.setup()
    // @ts-expect-error no method, but a value
    daemon.workers.primes.limit()
    // @ts-expect-error the context is not part of the client
    daemon.workers.counter.log('x')
    // @ts-expect-error no such worker
    daemon.workers.primus.sieve(1, 2)
    // @ts-expect-error no such pool
    daemon.workers.pool('primus')
    // @ts-expect-error the result is a list of numbers
    const wrong: string[] = await daemon.workers.primes.sieve(1, 2)
    // @ts-expect-error no such plugin
    daemon.tasks.run(wrong)
  })

// @ts-expect-error an unknown option
workers({ primes: { worker: primes, sise: 4 } })
// @ts-expect-error an option of the wrong type
workers({ primes: { worker: primes, size: '4' } })

export class Poller extends Daemon {
  override name = 'poller'
  override interval = 3000
  workers = this.plugin(workers({ primes, factors: { worker: factors, size: 2 } }))

  override async execute(): Promise<void> {
    if (this.workers.pool('factors').isIdle()) this.log(`${await this.workers.factors(12)}`)
    // @ts-expect-error wrong argument
    this.workers.factors('12')
  }
}

export default daemon
