import { expect, test } from '@jest/globals'
import { PausableClock, systemTime } from '@sd/core'
import { FakeClock } from '@sd/testing'

function start() {
  const base = new FakeClock()
  const clock = new PausableClock(base)
  const fired: string[] = []
  const fire = (what: string) => () => void fired.push(`${what} at ${clock.now()}`)
  return { base, clock, fired, fire }
}

test('a clock that never stood still is the one below, number for number', async () => {
  const { base, clock, fired, fire } = start()
  clock.after(100, fire('a'))
  await base.advance(250)
  expect(fired).toEqual(['a at 100'])
  expect(clock.now()).toBe(250)
  expect(clock.fromSystem(123.25)).toBe(123.25)
  expect(systemTime(new PausableClock(clock))).toBe(base)
})

test('while it stands still no timer fires, and each deadline moves by the length of the pause', async () => {
  const { base, clock, fired, fire } = start()
  clock.after(100, fire('early'))
  clock.after(500, fire('late'))
  await base.advance(60)
  clock.freeze()
  clock.freeze()
  const cancelled = clock.after(10, fire('cancelled'))
  clock.after(50, fire('set in the pause'))
  await base.advance(1000)
  expect(clock.frozen).toBe(true)
  expect(clock.now()).toBe(60)
  expect(fired).toEqual([])
  clock.thaw()
  cancelled.cancel()
  await base.advance(39)
  expect(fired).toEqual([])
  await base.advance(500)
  expect(fired).toEqual(['early at 100', 'set in the pause at 110', 'late at 500'])
  expect(base.pending).toBe(0)
})

test('timers wait through several pauses, and one that is cancelled in a pause never fires', async () => {
  const { base, clock, fired, fire } = start()
  clock.after(100, fire('a'))
  const doomed = clock.after(50, fire('doomed'))
  for (let pause = 0; pause < 4; pause++) {
    clock.freeze()
    await base.advance(70)
    if (pause === 3) doomed.cancel()
    clock.thaw()
    await base.advance(10)
  }
  expect(clock.now()).toBe(40)
  await base.advance(59)
  expect(fired).toEqual([])
  await base.advance(1)
  expect(fired).toEqual(['a at 100'])
})

test('a pause that is told of only afterwards counts all the same', async () => {
  const { base, clock, fired, fire } = start()
  clock.after(100, fire('a'))
  // The main thread is paused: nothing fires. Then it is told, before the timers have their turn.
  base.skip(5000)
  clock.skip(4950)
  expect(clock.now()).toBe(50)
  await base.advance(49)
  expect(fired).toEqual([])
  await base.advance(1)
  expect(fired).toEqual(['a at 100'])
})

test('a pause within a pause is not counted twice', async () => {
  const { base, clock } = start()
  clock.freeze()
  base.skip(300)
  clock.skip(300)
  clock.thaw()
  expect(clock.now()).toBe(0)
})

test('moments that others have taken down are translated, also those before and within pauses', async () => {
  const { base, clock } = start()
  base.skip(100)
  clock.freeze()
  base.skip(50)
  expect(clock.fromSystem(80)).toBe(80)
  expect(clock.fromSystem(120)).toBe(100)
  clock.thaw()
  base.skip(10)
  clock.freeze(155)
  base.skip(40)
  clock.thaw(195)
  expect([80, 100, 130, 150, 153, 170, 195, 200].map((at) => clock.fromSystem(at))).toEqual([
    80, 100, 100, 100, 103, 105, 105, 110,
  ])
  expect(clock.now()).toBe(110)
})

test('after hundreds of pauses moments of the last ones are still right', async () => {
  const { base, clock } = start()
  for (let pause = 0; pause < 1000; pause++) {
    base.skip(1)
    clock.freeze()
    base.skip(2)
    clock.thaw()
  }
  expect(clock.now()).toBe(1000)
  expect(clock.fromSystem(3000)).toBe(1000)
  expect(clock.fromSystem(2997)).toBe(999)
})

test('a clock above another one stands still when either does', async () => {
  const { base, clock } = start()
  const above = new PausableClock(clock)
  const fired: number[] = []
  above.after(100, () => void fired.push(above.now()))
  clock.freeze()
  await base.advance(70)
  clock.thaw()
  above.freeze()
  await base.advance(70)
  above.thaw()
  expect(above.fromSystem(140)).toBe(0)
  await base.advance(99)
  expect(fired).toEqual([])
  await base.advance(1)
  expect(fired).toEqual([100])
})
