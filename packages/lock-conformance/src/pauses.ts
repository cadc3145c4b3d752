import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type { Fixture } from '@sd/testing'
import { numbersOf, type Stage } from './stage.ts'

export function testPauses(stage: Stage): void {
  const { test } = stage
  const { ttl } = stage.subject

  /** Puts a daemon to sleep for three ttls, while another stands by. */
  async function oversleep(pause: (sleeper: Fixture) => Promise<void>): Promise<void> {
    const sleeper = stage.run('daemon', ttl, 0)
    const [token] = await numbersOf(sleeper, 'held')
    await sleeper.waitForLine(/^iteration/)
    const successor = stage.run('daemon', ttl, 'Infinity')
    await successor.waitForLine(/Waiting for the lock .* held by process/)
    const paused = pause(sleeper)
    const [nextToken] = await numbersOf(successor, 'held', ttl * 3 + 30_000)
    expect(nextToken).toBeGreaterThan(token!)
    await paused
    await numbersOf(sleeper, 'lost')
    expect(await sleeper.exit).toEqual({ code: 1, signal: null })
    await sleeper.waitForLine(/The lock .* is lost/)
    // What it did after it woke has not touched the other one's lock.
    const iterations = (): number => successor.lines.filter((line) => line.startsWith('iteration')).length
    const before = iterations()
    await sleep(ttl * 1.5)
    expect(iterations()).toBeGreaterThan(before)
    expect(successor.lines.filter((line) => /lost| false$/.test(line))).toEqual([])
    successor.kill('SIGTERM')
    expect(await successor.exit).toEqual({ code: 0, signal: null })
    expect(await stage.server.leftovers()).toEqual([])
  }

  test('a daemon that was suspended learns that its lock is lost, and stops', async () => {
    await oversleep(async (sleeper) => {
      sleeper.kill('SIGSTOP')
      await sleep(ttl * 3)
      sleeper.kill('SIGCONT')
    })
  })

  test('a daemon whose loop was busy learns that its lock is lost, and stops', async () => {
    await oversleep(async (sleeper) => {
      sleeper.tell(`block ${ttl * 3}`)
      await sleep(ttl * 3)
    })
  })

  test('a daemon that begins an iteration with a lost lock does not begin it', async () => {
    const daemon = stage.run('daemon', ttl * 10, 0)
    const [token] = await numbersOf(daemon, 'held')
    await daemon.waitForLine(/^iteration/)
    await stage.forgeOver(token! + 1)
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    const lost = daemon.lines.findIndex((line) => line.startsWith('lost'))
    expect(daemon.lines.slice(lost).filter((line) => line.startsWith('iteration'))).toEqual([])
  })

  test.each([1, -1])('a clock that jumps by an hour (%d) neither ends a lock nor keeps it', async (sign) => {
    const hour = 3_600_000 * sign
    const holder = stage.run('holder', ttl, 0)
    await numbersOf(holder, 'held')
    const standby = stage.run('holder', ttl, 'Infinity')
    await standby.waitForLine(/^up$/)
    holder.tell(`jump ${hour}`)
    standby.tell(`jump ${-hour}`)
    await sleep(ttl * 2.5)
    holder.tell('check')
    await holder.waitForLine(/^check true true$/)
    expect(standby.lines).toEqual(['up'])
    holder.kill()
    await numbersOf(standby, 'held', 60_000)
    standby.tell('release')
    expect(await standby.exit).toEqual({ code: 0, signal: null })
    await holder.exit
  })
}
