import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { FakeClock } from '@sd/testing'
import { systemClock } from '../src/clock.ts'
import { Loop, type LoopHooks } from '../src/loop.ts'

/** A loop on a fake clock that notes what it does. */
function watchLoop(interval: number | null, work: (iteration: number) => unknown, idleProbability = 0) {
  const clock = new FakeClock()
  const seen = {
    starts: [] as number[],
    ends: [] as number[],
    idles: [] as number[],
    overruns: [] as { iteration: number; duration: number; skipped: number }[],
  }
  const hooks: LoopHooks = {
    execute: () => work(seen.starts.length),
    prepare: () => undefined,
    preExecute: () => void seen.starts.push(clock.now()),
    postExecute: () => void seen.ends.push(clock.now()),
    idle: (available) => void seen.idles.push(available),
    overrun: (iteration, duration, skipped) => void seen.overruns.push({ iteration, duration, skipped }),
    spinning: () => {},
  }
  const loop = new Loop(clock, () => interval, idleProbability, hooks)
  const ended = Promise.resolve().then(() => loop.run())
  const stop = async (): Promise<void> => {
    loop.stop()
    await ended
    expect(clock.pending).toBe(0)
  }
  const wait = (delay: number) => new Promise<void>((resolve) => clock.after(delay, resolve))
  return { clock, loop, ended, seen, stop, wait }
}

describe('the clock mode', () => {
  test('starts iterations on an absolute grid, however long each one takes', async () => {
    const durations = [3, 0, 49, 1, 25, 50, 10]
    const { clock, seen, stop, wait } = watchLoop(50, (iteration) => wait(durations[iteration - 1] ?? 1))
    await clock.advance(350)
    expect(seen.starts).toEqual([0, 50, 100, 150, 200, 250, 300, 350])
    expect(seen.overruns).toEqual([])
    await clock.advance(10)
    await stop()
  })

  test('takes fractions of a millisecond', async () => {
    const { clock, seen, stop } = watchLoop(1000 / 3, () => {})
    await clock.advance(10_000)
    expect(seen.starts).toHaveLength(31)
    expect(seen.starts[30]).toBeCloseTo(10_000, 9)
    await stop()
  })

  test('never overlaps iterations: an overrun skips the missed slots and says so', async () => {
    const { clock, seen, stop, wait } = watchLoop(50, (iteration) => wait(iteration === 2 ? 130 : 10))
    await clock.advance(300)
    expect(seen.starts).toEqual([0, 50, 200, 250, 300])
    expect(seen.ends.slice(0, 3)).toEqual([10, 180, 210])
    expect(seen.overruns).toEqual([{ iteration: 2, duration: 130, skipped: 2 }])
    await clock.advance(10)
    await stop()
  })

  test('goes on with the grid after the process was suspended', async () => {
    const { clock, loop, seen, stop } = watchLoop(50, () => {})
    await clock.advance(120)
    clock.skip(10_000)
    loop.wake()
    await clock.advance(100)
    expect(seen.starts).toEqual([0, 50, 100, 10_120, 10_150, 10_200])
    expect(seen.overruns).toEqual([{ iteration: 4, duration: 0, skipped: 200 }])
    await stop()
  })

  test('is woken early, and keeps its grid', async () => {
    const { clock, loop, seen, stop } = watchLoop(100, () => {})
    await clock.advance(130)
    loop.wake()
    await clock.advance(100)
    expect(seen.starts).toEqual([0, 100, 130, 200])
    expect(seen.overruns).toEqual([])
    await stop()
  })

  test('does not count a wake during an iteration', async () => {
    const { clock, loop, seen, stop, wait } = watchLoop(100, () => wait(20))
    await clock.advance(10)
    loop.wake()
    await clock.advance(150)
    expect(seen.starts).toEqual([0, 100])
    await stop()
  })

  test('stops in the middle of a sleep', async () => {
    const { clock, seen, stop } = watchLoop(1000, () => {})
    await clock.advance(500)
    await stop()
    await clock.advance(5000)
    expect(seen.starts).toEqual([0])
  })

  test('lets an iteration end before it stops, and offers no idle time then', async () => {
    const { clock, loop, ended, seen, wait } = watchLoop(1000, () => wait(100))
    await clock.advance(50)
    loop.stop()
    await clock.advance(50)
    await ended
    expect([seen.ends, seen.idles, clock.pending]).toEqual([[100], [], 0])
  })

  test('tells how much time an iteration has left', async () => {
    const { clock, seen, stop, wait } = watchLoop(50, (iteration) => wait(iteration * 10))
    await clock.advance(120)
    expect(seen.idles).toEqual([40, 30])
    await clock.advance(20)
    expect(seen.idles).toEqual([40, 30, 20])
    await stop()
  })

  test('rejects with what execute throws or rejects with', async () => {
    const thrown = new Error('thrown')
    const throwing = watchLoop(50, () => {
      throw thrown
    })
    await expect(throwing.ended).rejects.toBe(thrown)
    await expect(watchLoop(50, () => Promise.reject(thrown)).ended).rejects.toBe(thrown)
    expect(throwing.clock.pending).toBe(0)
  })

  test('fires idle after an overrun as often as the probability says', async () => {
    const always = watchLoop(10, () => always.wait(15), 1)
    const never = watchLoop(10, () => never.wait(15), 0)
    for (const { clock, seen, stop } of [always, never]) {
      await clock.advance(95)
      seen.ends.length = 5
      await stop()
    }
    expect(always.seen.idles).toEqual([0, 0, 0, 0, 0])
    expect(never.seen.idles).toEqual([])
  })

  test('measures', async () => {
    const { clock, loop, stop, wait } = watchLoop(100, (iteration) => wait(iteration === 3 ? 150 : 25))
    await clock.advance(1000)
    const statistics = loop.statistics()
    expect(statistics.iterations).toBe(9)
    expect(statistics.overruns).toBe(1)
    expect(statistics.meanDuration).toBeCloseTo((8 * 25 + 150) / 9, 6)
    expect(statistics.meanIdle).toBeCloseTo((8 * 75 + 50) / 9, 6)
    expect(statistics.busy).toBeCloseTo(350 / 1000, 6)
    await clock.advance(25)
    await stop()
  })
})

describe('the continuous mode', () => {
  function runFreely(interval: number | null, execute: (() => unknown) | undefined, idleProbability = 0) {
    let idles = 0
    const loop = new Loop(systemClock, () => interval, idleProbability, {
      execute,
      prepare: () => undefined,
      preExecute: () => {},
      postExecute: () => {},
      idle: (available) => {
        expect(available).toBe(0)
        idles++
      },
      overrun: () => {},
      spinning: () => {},
    })
    return { loop, ended: loop.run(), idles: () => idles }
  }

  test('runs again and again in a turn of the event loop, and timers and I/O have their turn', async () => {
    const { loop, ended } = runFreely(0, () => {})
    const turns = await takeTurns(200)
    loop.stop()
    await ended
    expect(turns.timers).toBeGreaterThan(0)
    expect(turns.reads).toBeGreaterThan(0)
    expect(loop.statistics().iterations).toBeGreaterThan(turns.timers + turns.reads)
  })

  test('does not grow', async () => {
    const { loop, ended } = runFreely(0, async () => {}, 0.5)
    const collect = async (): Promise<number> => {
      const { setFlagsFromString } = await import('node:v8')
      const { runInNewContext } = await import('node:vm')
      setFlagsFromString('--expose-gc')
      runInNewContext('gc')()
      return process.memoryUsage().heapUsed
    }
    const reach = async (iterations: number): Promise<void> => {
      while (loop.statistics().iterations < iterations) await sleep(5)
    }
    await reach(10_000)
    const before = await collect()
    await reach(60_000)
    const after = await collect()
    loop.stop()
    await ended
    expect(after - before).toBeLessThan(1_500_000)
  })

  test('fires idle by probability', async () => {
    let count = 0
    const { loop, ended, idles } = runFreely(0, () => ++count === 10_000 && loop.stop(), 0.25)
    await ended
    expect(idles()).toBeGreaterThan(2000)
    expect(idles()).toBeLessThan(3000)
  })
})

describe('the block mode', () => {
  test('calls execute again when it is done waiting', async () => {
    const { loop, ended, seen, wait, clock } = watchLoop(null, (iteration) => wait(iteration * 100))
    await clock.advance(700)
    expect(seen.starts).toEqual([0, 100, 300, 600])
    loop.wake()
    loop.stop()
    await clock.advance(300)
    await ended
    expect(seen.ends).toEqual([100, 300, 600, 1000])
    expect(loop.statistics()).toMatchObject({ iterations: 4, overruns: 0, busy: 1 })
  })

  test('lets others have their turn even when execute does not wait', async () => {
    let count = 0
    const { ended, loop } = watchLoop(null, () => void count++)
    while (count < 100) await sleep(1)
    loop.stop()
    await ended
  })

  test.each([null, 0, 100])('without execute (interval %p) waits until it is stopped', async (interval) => {
    const clock = new FakeClock()
    const nothing = (): never => {
      throw new Error('there is no iteration')
    }
    const hooks = {
      execute: undefined,
      prepare: nothing,
      preExecute: nothing,
      postExecute: nothing,
      idle: nothing,
      overrun: nothing,
      spinning: nothing,
    }
    const loop = new Loop(clock, () => interval, 1, hooks)
    const ended = loop.run()
    await clock.advance(10_000_000_000)
    loop.wake()
    expect(loop.statistics().iterations).toBe(0)
    expect(clock.pending).toBe(0)
    loop.stop()
    await ended
    expect(clock.pending).toBe(0)
  })
})

/** Waits by timers, and reads a file, as often as there is a turn for it within `duration` milliseconds. */
async function takeTurns(duration: number): Promise<{ timers: number; reads: number }> {
  const end = systemClock.now() + duration
  const turns = { timers: 0, reads: 0 }
  while (systemClock.now() < end) {
    await sleep(5)
    turns.timers++
    await readFile(import.meta.filename)
    turns.reads++
  }
  return turns
}
