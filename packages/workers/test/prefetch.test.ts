import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { killIfAlive, readyProcesses } from './pool-processes.ts'
import { testDaemons } from './test-daemons.ts'

const { sandbox, startSubject } = testDaemons()

/** Calls in a storm. */
const CALLS = process.env.SD_SOAK ? 20_000 : 4000

/** Calls that take a process for each hundred. */
const RECYCLED = process.env.SD_SOAK ? 3000 : 500

type Subject = Awaited<ReturnType<typeof startSubject>>

/** Lets the daemon and the worker learn that a method is brief. */
async function warmUp({ subject }: Subject): Promise<void> {
  for (let n = 0; n < 50; n++) {
    await subject.add(n, n)
    await subject.block(0)
  }
}

/**
 * Kills a process every 50 ms, but only one that has returned a call: those that are killed before they have done
 * anything would be taken for ones that cannot start. @returns a function that ends it.
 */
function killProven(
  daemon: Subject,
  calls: readonly (PromiseLike<unknown> & { readonly pid: number | undefined })[],
): () => void {
  const proven = new Set<number>()
  for (const call of calls) {
    call.then(
      () => proven.add(call.pid!),
      () => {},
    )
  }
  const killer = setInterval(
    () => killIfAlive(readyProcesses(daemon.daemon.inspect()).find((pid) => proven.has(pid))),
    50,
  )
  return () => clearInterval(killer)
}

async function settle(calls: readonly PromiseLike<unknown>[]) {
  const outcomes = await Promise.allSettled(calls)
  const codes = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'returned' : (outcome.reason as { code: string }).code,
  )
  const count = (code: string): number => codes.filter((each) => each === code).length
  return { outcomes, codes, returned: count('returned'), died: count('SD_WORKERS_DIED') }
}

describe('with all windows full of brief calls', () => {
  test('SIGKILLs make no call run twice, and cost only calls that had started', async () => {
    const daemon = await startSubject({ size: 2, strategy: 'aggressive' })
    const file = join(sandbox().dir, 'marks')
    for (let n = 0; n < 50; n++) await daemon.subject.mark(file, -n - 1)
    const calls = Array.from({ length: CALLS }, (_, n) => daemon.subject.mark(file, n))
    const stop = killProven(daemon, calls)
    const { codes, returned, died } = await settle(calls)
    stop()
    const ran = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(Number)
      .filter((n) => n >= 0)
    expect(returned + died).toBe(CALLS)
    expect(ran).toHaveLength(new Set(ran).size)
    const marks = new Set(ran)
    expect(codes.filter((code, n) => code === 'returned' && !marks.has(n))).toEqual([])
    // What is lost with a process is what it had announced: some tens of these calls.
    expect(died).toBeLessThan(CALLS / 2)
  }, 600_000)

  test('the same with retries returns all results', async () => {
    const daemon = await startSubject({ size: 2, strategy: 'aggressive', retries: 50 })
    await warmUp(daemon)
    const calls = Array.from({ length: CALLS }, (_, n) => daemon.subject.add(n, 1))
    const stop = killProven(daemon, calls)
    const results = await Promise.all(calls)
    stop()
    expect(results).toEqual(Array.from({ length: CALLS }, (_, n) => n + 1))
  }, 600_000)
})

describe('a call that blocks behind brief ones', () => {
  test('does not keep their results back', async () => {
    const daemon = await startSubject({ timeout: 0 })
    await warmUp(daemon)
    const brief = Array.from({ length: 30 }, (_, n) => daemon.subject.add(n, n))
    const blocking = daemon.subject.spin()
    await Promise.all(brief)
    expect(blocking.status).not.toBe('returned')
    await waitUntil(() => blocking.status === 'running')
    blocking.cancel()
    await expect(blocking).rejects.toMatchObject({ code: 'SD_WORKERS_CANCELLED' })
  })

  test('of the same method alone times out: the ones before it have returned, the ones behind it run elsewhere', async () => {
    const daemon = await startSubject({ timeout: 600 })
    await warmUp(daemon)
    const before = Array.from({ length: 20 }, () => daemon.subject.block(0))
    const blocking = daemon.subject.block(3_600_000)
    const behind = Array.from({ length: 20 }, () => daemon.subject.block(0))
    const error = (await blocking.catch((thrown: unknown) => thrown)) as Error & Record<string, string>
    expect(error).toMatchObject({ code: 'SD_WORKERS_TIMEOUT', method: 'block' })
    expect(error.workerStack).toMatch(/at block /)
    expect(await Promise.all([...before, ...behind])).toEqual(new Array(40).fill(0))
    expect([...before, ...behind].filter(({ retries }) => retries > 0)).toEqual([])
  })
})

describe('a call that was given ahead', () => {
  test('can be cancelled before it starts, and then never runs', async () => {
    const daemon = await startSubject()
    await warmUp(daemon)
    const first = daemon.subject.block(0)
    const ahead = daemon.subject.block(0)
    ahead.cancel()
    expect(await first).toBe(0)
    const { codes } = await settle([ahead])
    // It may have been over before the word reached it.
    expect(codes).toEqual(['SD_WORKERS_CANCELLED'])
    expect(readyProcesses(daemon.daemon.inspect())).toHaveLength(1)
  })

  test('goes back when the call before it takes long after all, and another process runs it', async () => {
    const daemon = await startSubject({ size: 2, strategy: 'aggressive' })
    const sleeps = Array.from({ length: 80 }, () => daemon.subject.sleep(0))
    await Promise.all(sleeps)
    const long = daemon.subject.sleep(1000)
    const others = Array.from({ length: 6 }, () => daemon.subject.sleep(1))
    await Promise.all(others)
    expect(long.status).toBe('running')
    expect(await long).toBe(long.pid)
  })

  test('is not lost when its process is recycled', async () => {
    const daemon = await startSubject({ size: 2, recycle: { calls: 100 } })
    await warmUp(daemon)
    const results = await Promise.all(Array.from({ length: RECYCLED }, (_, n) => daemon.subject.add(n, 0)))
    expect(results).toEqual(Array.from({ length: RECYCLED }, (_, n) => n))
  })

  test('is given up at once when the daemon stops', async () => {
    const daemon = await startSubject()
    await warmUp(daemon)
    const calls = Array.from({ length: 500 }, () => daemon.subject.block(2))
    await waitUntil(() => calls[0]!.status !== 'called')
    await daemon.stop()
    const { codes } = await settle(calls)
    expect(codes.filter((code) => code !== 'returned' && code !== 'SD_WORKERS_SHUTDOWN')).toEqual([])
    expect(codes.filter((code) => code === 'SD_WORKERS_SHUTDOWN').length).toBeGreaterThan(100)
  })
})

describe('the times of a call', () => {
  test('are those of the worker, also for calls that were announced together', async () => {
    const daemon = await startSubject()
    await warmUp(daemon)
    const calls = Array.from({ length: 100 }, () => daemon.subject.block(0))
    await Promise.all(calls)
    const starts = calls.map(({ times }) => times.running!)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    for (const { times } of calls) {
      expect(times.running).toBeGreaterThanOrEqual(times.called!)
      expect(times.returned).toBeGreaterThanOrEqual(times.running!)
    }
  })
})

describe('a daemon that does not read', () => {
  test('is not drowned in results: the worker waits', async () => {
    const daemon = await startSubject({ timeout: 0 })
    await daemon.subject.large(1)
    const calls = Array.from({ length: 300 }, () => daemon.subject.large(1024 * 1024))
    await calls[0]
    const end = performance.now() + 1000
    while (performance.now() < end);
    const sizes = (await Promise.all(calls)).map(({ length }) => length)
    expect(sizes).toEqual(new Array(300).fill(1024 * 1024))
    expect(await daemon.subject.peakMemory()).toBeLessThan(400 * 1024 * 1024)
  })
})

describe('a worker process that speaks nonsense', () => {
  const frames: Readonly<Record<string, readonly number[]>> = {
    'bytes that are no frame': [104, 101, 108, 108, 111, 104, 101, 108, 108, 111],
    'an unknown kind of frame': [0, 0, 0, 1, 99],
    'a batch that is no JSON': [0, 0, 0, 3, 0, 91, 123],
    'an attachment that is not there': [0, 0, 0, 13, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1],
  }

  test('is killed and replaced, and its call settles', async () => {
    const daemon = await startSubject()
    for (const [what, bytes] of Object.entries(frames)) {
      const pid = await daemon.subject.pid()
      const call = daemon.subject.garble(Uint8Array.from(bytes))
      const { codes } = await settle([call, call.then(() => daemon.subject.add(1, 1))])
      const others = codes.filter((code) => !['returned', 'SD_WORKERS_DIED'].includes(code))
      expect({ what, others }).toEqual({ what, others: [] })
      await waitUntil(() => !readyProcesses(daemon.daemon.inspect()).includes(pid), `${what} ends it`)
      expect(await daemon.subject.add(2, 2)).toBe(4)
    }
  })

  const messages: Readonly<Record<string, unknown>> = {
    'a message that is none': 'hello',
    'an unknown message': [99],
    'the result of a call that it does not have': [1, 1_000_000, 0, 0, 'wrong'],
    'the start of a call that it does not have': [0, 1_000_000, 0],
    'the return of a call that it does not have': [3, [1_000_000]],
    'an error that is none': [2, 1, 0, 0, 5],
  }

  test('and messages that mean nothing are told', async () => {
    const daemon = await startSubject()
    for (const [what, message] of Object.entries(messages)) {
      const pid = await daemon.subject.pid()
      const error = await daemon.subject.forge(message).then(
        () => undefined,
        (thrown: object) => thrown,
      )
      expect({ what, error }).toMatchObject({
        what,
        error: { code: 'SD_WORKERS_DIED', cause: { code: 'SD_PROCESS_PROTOCOL' } },
      })
      expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
      expect(await daemon.subject.add(2, 2)).toBe(4)
    }
  })
})
