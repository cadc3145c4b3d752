import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { systemClock } from '@sd/core'
import { numbersOf, SLACK, type Stage } from './stage.ts'

export function testOwnClock(stage: Stage): void {
  const { ttl } = stage.subject

  test('a daemon that was suspended for longer than its ttl has lost its lock, although nobody else wanted it', async () => {
    const daemon = stage.run('daemon', ttl, 0)
    await daemon.waitForLine(/^iteration/)
    daemon.kill('SIGSTOP')
    await sleep(ttl * 1.5)
    const wokenAt = systemClock.now()
    daemon.kill('SIGCONT')
    const [lostAt] = await numbersOf(daemon, 'lost')
    expect(lostAt! - wokenAt).toBeLessThan(ttl / 3 + SLACK)
    const lost = daemon.lines.findIndex((line) => line.startsWith('lost'))
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    expect(daemon.lines.slice(lost).filter((line) => line.startsWith('iteration'))).toEqual([])
  })
}
