import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { killIfAlive, readyProcesses } from './pool-processes.ts'
import { testDaemons } from './test-daemons.ts'

const { startSubject } = testDaemons()

const CALLS = process.env.SD_SOAK ? 10_000 : 3000

describe('many calls while a random worker is killed every 100 ms', () => {
  async function storm(retries: number) {
    const { subject, daemon } = await startSubject({ size: 4, strategy: 'aggressive', retries })
    const settled = { returned: 0, wrong: 0, failed: [] as { code: string }[] }
    let inFlight = 0
    let next = 0
    const killer = setInterval(() => {
      const ready = readyProcesses(daemon.inspect())
      killIfAlive(ready[Math.floor(Math.random() * ready.length)])
    }, 100)
    await new Promise<void>((resolve) => {
      const launch = (): void => {
        while (inFlight < 200 && next < CALLS) {
          const n = next++
          inFlight++
          const end = (): void => {
            inFlight--
            if (settled.returned + settled.failed.length === CALLS) resolve()
            else launch()
          }
          subject.add(n, n).then(
            (sum) => {
              settled.returned++
              if (sum !== 2 * n) settled.wrong++
              end()
            },
            (error) => {
              settled.failed.push(error)
              end()
            },
          )
        }
      }
      launch()
    })
    clearInterval(killer)
    return { ...settled, inFlight }
  }

  test('all settle, none twice, none is left pending', async () => {
    const { returned, wrong, failed, inFlight } = await storm(0)
    expect(returned + failed.length).toBe(CALLS)
    expect(inFlight).toBe(0)
    expect(wrong).toBe(0)
    expect(failed.filter(({ code }) => code !== 'SD_WORKERS_DIED')).toEqual([])
  }, 400_000)

  test('all return the right result with enough retries', async () => {
    const { returned, wrong } = await storm(50)
    expect(returned).toBe(CALLS)
    expect(wrong).toBe(0)
  }, 400_000)
})

describe('a worker in an endless synchronous loop', () => {
  test('times out on time, is confirmed dead and replaced, and harms no other call', async () => {
    const { subject, log } = await startSubject({ size: 2, strategy: 'aggressive', timeout: 1000 })
    await Promise.all([subject.sleep(50), subject.sleep(50)])
    const stuck = subject.spin()
    const others = Array.from({ length: 20 }, (_, n) => subject.add(n, 1))
    expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    await expect(stuck).rejects.toMatchObject({ code: 'SD_WORKERS_TIMEOUT', timeout: 1000, method: 'spin' })
    const took = stuck.times.timeout! - stuck.times.running!
    expect(took).toBeGreaterThanOrEqual(1000)
    expect(() => process.kill(stuck.pid!, 0)).toThrow(/ESRCH/)
    const { workerStack, message } = stuck.error as Error & { workerStack: string }
    const source = readFileSync(new URL('./fixtures/subjects.ts', import.meta.url), 'utf8').split('\n')
    const line = source.findIndex((text) => text.includes('for (;;);')) + 1
    expect(workerStack).toMatch(new RegExp(`^ {4}at spin \\(file:.*/subjects\\.ts:${line}:\\d+\\)`))
    expect(message).toContain(workerStack)
    expect(log.some((record) => record.message.includes(workerStack))).toBe(true)
    // Node's words about its inspector are not for the log.
    expect(log.filter((record) => /debugger/i.test(record.message))).toEqual([])
    expect(await Promise.all([subject.sleep(20), subject.sleep(20)])).not.toContain(stuck.pid)
  })

  test('that only waits times out too, without a stack', async () => {
    const { subject } = await startSubject({ timeout: 300 })
    const error = (await subject.sleep(60_000).catch((thrown: unknown) => thrown)) as Error & {
      workerStack?: string
    }
    expect(error).toMatchObject({ code: 'SD_WORKERS_TIMEOUT' })
    expect(error.workerStack).toBeUndefined()
  })

  test('does not make calls time out that only wait for it', async () => {
    const { subject } = await startSubject({ timeout: 600, retries: 0 })
    await subject.add(1, 1)
    const calls = [1, 2, 3].map(() => subject.sleep(350))
    await Promise.all(calls)
    expect(calls.map((call) => call.status)).toEqual(['returned', 'returned', 'returned'])
  })
})

describe('a worker process that dies', () => {
  test('settles the call that it ran, with the signal', async () => {
    const { subject } = await startSubject()
    const call = subject.sleep(60_000)
    await waitUntil(() => call.status === 'running')
    process.kill(call.pid!, 'SIGKILL')
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_DIED', signal: 'SIGKILL', exitCode: null })
    expect(await subject.add(1, 1)).toBe(2)
  })

  test('tells how it ended, and what it said last', async () => {
    const { subject } = await startSubject()
    const error = (await subject.exit(7).catch((thrown: unknown) => thrown)) as Error &
      Record<string, unknown>
    expect(error).toMatchObject({ code: 'SD_WORKERS_DIED', exitCode: 7, signal: null })
    expect(error.lastOutput).toContain('last words')
    expect(error.message).toMatch(/subject\.exit\(\) exited with code 7.*last words/s)
    expect(await subject.add(1, 1)).toBe(2)
  })

  test('while calls wait costs only the one that it ran', async () => {
    const { subject } = await startSubject()
    const first = subject.exit(1)
    const others = [1, 2, 3].map((n) => subject.add(n, n))
    await expect(first).rejects.toMatchObject({ code: 'SD_WORKERS_DIED' })
    expect(await Promise.all(others)).toEqual([2, 4, 6])
  })

  test('has its call tried again where retries are allowed', async () => {
    const { subject, pool } = await startSubject({ retries: 2 })
    const call = subject.exit(3)
    await expect(call).rejects.toMatchObject({ code: 'SD_WORKERS_DIED', retries: 2 })
    expect(pool.stats().exit).toMatchObject({ count: 1, retries: 2, byStatus: { failed: 1 } })
  })
})
