import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import { numbersOf, type Stage } from './stage.ts'

export function testOwnClock(stage: Stage): void {
  const { test } = stage
  const { ttl } = stage.subject

  test('a daemon that was suspended for longer than its ttl has lost its lock, although nobody else wanted it', async () => {
    const daemon = stage.run('daemon', ttl, 0)
    await daemon.waitForLine(/^iteration/)
    daemon.kill('SIGSTOP')
    await sleep(ttl * 1.5)
    daemon.kill('SIGCONT')
    await numbersOf(daemon, 'lost')
    const lost = daemon.lines.findIndex((line) => line.startsWith('lost'))
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    expect(daemon.lines.slice(lost).filter((line) => line.startsWith('iteration'))).toEqual([])
  })
}
