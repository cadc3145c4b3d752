import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import { numbersOf, type Stage } from './stage.ts'

export function testRenewals(stage: Stage): void {
  const { test } = stage
  // Longer than a busy machine keeps a thread from its turn.
  const ttl = stage.subject.ttl * 3

  test('has its lock renewed by another thread, with the same token, and nobody else gets it', async () => {
    const daemon = stage.run('daemon', ttl, 0)
    const [token] = await numbersOf(daemon, 'held')
    await daemon.waitForLine(/^iteration/)
    daemon.tell(`pause ${ttl * 2.2}`)
    await sleep(ttl * 1.2)
    const second = stage.run('daemon', ttl, 0)
    const [answer] = await second.waitForLine(/^held .*|is held by process \d+ /, 30_000)
    expect(answer).toBe(`is held by process ${daemon.pid} `)
    expect(await second.exit).toEqual({ code: 1, signal: null })
    expect(daemon.lines.filter((line) => /^(over|lost)/.test(line))).toEqual([])
    await daemon.waitForLine(new RegExp(`^over ${token} true$`), ttl * 3 + 15_000)
    // It goes on as if nothing had been, and renews the lock itself again.
    await sleep(ttl * 1.2)
    expect(daemon.lines.filter((line) => /^lost| false/.test(line))).toEqual([])
    daemon.tell('pause 10')
    await sleep(ttl * 1.2)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(await stage.server.leftovers()).toEqual([])
  }, 90_000)

  test('whose other thread is gone, too, has lost its lock when it goes on, and stops', async () => {
    const daemon = stage.run('daemon', ttl, 0)
    await numbersOf(daemon, 'held')
    await daemon.waitForLine(/^iteration/)
    const successor = stage.run('daemon', ttl, 'Infinity')
    await successor.waitForLine(/Waiting for the lock .* held by process/)
    daemon.tell(`orphan ${ttl * 2.2}`)
    await numbersOf(successor, 'held', ttl * 3 + 30_000)
    await daemon.waitForLine(/^lost/)
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    expect(successor.lines.filter((line) => /^lost| false$/.test(line))).toEqual([])
    successor.kill('SIGTERM')
    expect(await successor.exit).toEqual({ code: 0, signal: null })
  }, 90_000)

  test('whose lock somebody has taken meanwhile learns of it when it goes on, and stops', async () => {
    const daemon = stage.run('daemon', ttl, 0)
    const [token] = await numbersOf(daemon, 'held')
    await daemon.waitForLine(/^iteration/)
    daemon.tell(`pause ${ttl}`)
    await stage.forgeOver(token! + 1)
    await daemon.waitForLine(/^lost/, ttl * 2 + 15_000)
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
  }, 60_000)
}
