import { expect } from '@jest/globals'
import { runFixture } from '@sd/testing'
import { failureOf, numbersOf, type Stage } from './stage.ts'

export function testForgeries(stage: Stage): void {
  const { test } = stage
  const { provesDeath, ttl } = stage.subject

  test('a pid that now is another process is a dead holder, and that process is left alone', async () => {
    const stranger = runFixture(new URL('./fixtures/stranger.ts', import.meta.url), {
      env: stage.sandbox.env,
    })
    await stranger.waitForLine(/^up$/)
    const forged = await stage.forge({
      pid: stranger.pid,
      startTime: '1',
      ...(provesDeath && { ttl: 600_000 }),
    })
    const lease = await stage.take(provesDeath ? 0 : ttl * 3)
    expect(lease.token).toBeGreaterThan(forged.token)
    await lease.release()
    expect(stranger.lines).toEqual(['up'])
    stranger.tell('end')
    expect(await stranger.exit).toEqual({ code: 0, signal: null })
  })

  test('of a holder on another host only the ttl counts, although no process here has its pid', async () => {
    const forged = await stage.forge({ pid: 2 ** 30, startTime: '1', host: 'elsewhere', boot: 'another' })
    const begin = performance.now()
    const lease = await stage.take(ttl * 4)
    const elapsed = performance.now() - begin
    expect(elapsed).toBeGreaterThan(ttl - 1000)
    if (provesDeath) expect(elapsed).toBeGreaterThan(ttl)
    expect(lease.token).toBeGreaterThan(forged.token)
    await lease.release()
  })

  test('a holder on another host that renews its lock keeps it', async () => {
    let forged = await stage.forge({ pid: 2 ** 30, startTime: '1', host: 'elsewhere', boot: 'another' })
    const renewal = setInterval(() => {
      forged = { ...forged, renewals: forged.renewals + 1, renewedAt: forged.renewedAt + 100 }
      void stage.module.leaveBehind(stage.server.place, forged)
    }, 100)
    try {
      expect(await failureOf(stage.take())).toMatchObject({
        code: 'SD_LOCK_HELD',
        holder: { host: 'elsewhere', token: forged.token },
      })
      expect((await failureOf(stage.take(ttl * 2))).code).toBe('SD_LOCK_HELD')
    } finally {
      clearInterval(renewal)
    }
    const lease = await stage.take(ttl * 4)
    await lease.release()
  })

  test('a holder in a container that is gone, with the pid of the one that takes over, is not taken for that one', async () => {
    const forged = await stage.forge({ startTime: '1', namespaces: 'pid:[1] time:[1]' })
    const lease = await stage.take()
    expect(lease.token).toBeGreaterThan(forged.token)
    await lease.release()
  })

  // Namespaces are root's to make.
  const onlyRoot = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip
  onlyRoot(
    'of two containers in which the daemon has the same pid, the second waits for the ttl of the first',
    async () => {
      const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
      const first = stage.runBehind(container, 'holder', ttl, 0)
      const [token] = await numbersOf(first, 'held')
      const refused = stage.runBehind(container, 'holder', ttl, 0)
      const [line] = await refused.waitForLine(/^refused .*$/)
      if (stage.subject.spansContainers ?? true)
        expect(line).toMatch(/SD_LOCK_HELD.* in another container on /)
      else expect(line).toContain('another container')
      expect(await refused.exit).toEqual({ code: 0, signal: null })
      first.kill()
      await first.exit
      const second = stage.runBehind(container, 'holder', ttl, 0)
      const [next] = await numbersOf(second, 'held')
      expect(next).toBeGreaterThan(token!)
      second.tell('release')
      expect(await second.exit).toEqual({ code: 0, signal: null })
      // What a process had open in a container that is gone cannot be told from here.
      if (stage.subject.spansContainers ?? true) expect(await stage.server.leftovers()).toEqual([])
    },
  )

  test('a lock of this very process that it does not know was its own before it replaced itself', async () => {
    if (!provesDeath) return
    await stage.forge({ ttl: 600_000 })
    const lease = await stage.take()
    await lease.release()
  })
}
