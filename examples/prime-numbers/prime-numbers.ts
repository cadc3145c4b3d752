import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { createDaemon } from '@sd/core'
import { type IniValue, ini } from '@sd/ini'
import { workers } from '@sd/workers'
import { jobs } from './jobs/jobs.ts'
import { factors } from './workers/factors.ts'
import { primes } from './workers/primes.ts'

/** Where the log and the database go. */
const directory = process.env.PRIME_NUMBERS_DIR ?? import.meta.dirname

// Where a handler in this chain speaks of `daemon` itself, TypeScript needs the handler's return type spelt out.
const daemon = createDaemon({
  name: 'prime-numbers',
  interval: 1000,
  logFile: () => join(directory, 'logs', `${new Date().toISOString().slice(0, 10)}.log`),
})
  .use(
    ini({
      file: new URL('./settings.ini', import.meta.url),
      requiredSections: ['signals', 'automatic', 'numbers', 'jobs'],
    }),
  )
  // Before the workers: what is set up first is torn down last, so the last calls are recorded, too.
  .use(jobs({ file: (): string => join(directory, String(daemon.ini.jobs.database)) }))
  .use(
    workers({
      primes: {
        worker: primes,
        size: 4,
        timeout: 60_000,
        onReturn(call, log) {
          switch (call.method) {
            case 'sieve':
              return log(`#${call.id} ${call.result?.length} primes from ${call.args.join(' to ')}`)
            case 'isPrime':
              return log(`#${call.id} ${call.args[0]} is ${call.result ? '' : 'not '}prime`)
            case 'primesAmong':
              return log(`#${call.id} prime factors of ${call.args[0].at(-1)}: ${call.result?.join(', ')}`)
          }
        },
        onTimeout(call, log) {
          if (call.retries < 3) call.retry()
          else log(`#${call.id} I give up`)
        },
      },
      factors: {
        worker: factors,
        size: 2,
        timeout: 60_000,
        onReturn(call, log): void {
          const found = call.result ?? []
          log(`#${call.id} ${call.args[0]} has ${found.length} factors. Which are prime?`)
          daemon.jobs.add(daemon.workers.primes.primesAmong(found))
        },
      },
    }),
  )
  .setup((daemon) => {
    const commands = Object.entries(daemon.ini.signals).map(
      ([number, action]) => `\n  kill -${number} ${process.pid}   ${action}`,
    )
    daemon.log(`Tell me what to do:${commands.join('')}`)
  })
  .execute((daemon) => {
    if (!daemon.ini.automatic.on) return
    const starts = [factor, sieve, check]
    const count = randomInt(1, Number(daemon.ini.automatic.most_jobs) + 1)
    for (let job = 0; job < count; job++) starts[randomInt(starts.length)]?.()
  })

/** What a signal can be mapped to in settings.ini. */
const actions = new Map<IniValue | undefined, () => void>(Object.entries({ factor, sieve, check, automatic }))

daemon.on('signal', ({ number }) => actions.get(daemon.ini.signals[number])?.(), {
  // Before it runs there are no settings, and afterwards no more work is taken.
  when: () => daemon.state === 'running',
})

// Nobody waits for these calls: the loop goes on at once, and `onReturn` has the results.

function factor(): void {
  daemon.jobs.add(daemon.workers.factors(randomNumber()))
}

function sieve(): void {
  const start = randomNumber()
  daemon.jobs.add(daemon.workers.primes.sieve(start, start + Number(daemon.ini.numbers.sieve_length)))
}

function check(): void {
  daemon.jobs.add(daemon.workers.primes.isPrime(randomNumber()))
}

function automatic(): void {
  // Overrides the setting in memory; the file stays as it is.
  daemon.ini.automatic.on = !daemon.ini.automatic.on
  daemon.log(`Automatic running is ${daemon.ini.automatic.on ? 'on' : 'off'}`)
}

function randomNumber(): number {
  return randomInt(Number(daemon.ini.numbers.smallest), Number(daemon.ini.numbers.largest))
}

export default daemon
await daemon.run()
