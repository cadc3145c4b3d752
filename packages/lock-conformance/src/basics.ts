import { expect } from '@jest/globals'
import { failureOf, type Stage } from './stage.ts'

export function testBasics(stage: Stage): void {
  const { test } = stage
  test('a second one is refused and told who has it', async () => {
    const first = await stage.take()
    const error = await failureOf(stage.take())
    expect(error).toMatchObject({ code: 'SD_LOCK_HELD', holder: { id: first.holder.id, pid: process.pid } })
    expect(error.message).toContain(
      `process ${process.pid} on ${first.holder.host}, since ${first.holder.since}`,
    )
    expect(await first.check()).toBe(true)
    await first.release()
  })

  test('another process is refused, too, and names pid, host and since when', async () => {
    const first = await stage.take()
    const second = stage.run('holder', stage.subject.ttl, 0)
    const [line] = await second.waitForLine(/^refused .*$/)
    const { host, since } = first.holder
    expect(line).toContain(`process ${process.pid} on ${host}, since ${since}`)
    expect(await second.exit).toEqual({ code: 0, signal: null })
    await first.release()
  })

  test('tokens rise with every holder, also after the lock was free', async () => {
    const tokens: number[] = []
    for (let round = 0; round < 5; round++) {
      const lease = await stage.take()
      tokens.push(lease.token)
      await lease.release()
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
  })

  test('it stays held beyond its ttl, because it is renewed', async () => {
    const { ttl } = stage.subject
    const lease = await stage.take()
    await new Promise((resolve) => setTimeout(resolve, ttl * 2.5))
    expect(lease.isStillMine()).toBe(true)
    expect(await lease.check()).toBe(true)
    expect(lease.holder.renewals).toBeGreaterThan(3)
    expect((await failureOf(stage.take())).code).toBe('SD_LOCK_HELD')
    await lease.release()
    expect(lease.state).toBe('released')
  })

  test('who waits gets it when it is released', async () => {
    const first = await stage.take()
    const waiting = stage.take(60_000)
    await first.release()
    const second = await waiting
    expect(second.token).toBeGreaterThan(first.token)
    await second.release()
    await second.release()
  })

  test('who waits for a while gives up after it', async () => {
    const first = await stage.take()
    const begin = performance.now()
    expect((await failureOf(stage.take(300))).code).toBe('SD_LOCK_HELD')
    expect(performance.now() - begin).toBeGreaterThanOrEqual(300)
    await first.release()
  })

  test('waiting can be given up', async () => {
    const first = await stage.take()
    const abort = new AbortController()
    const waiting = failureOf(stage.take(60_000, abort.signal))
    abort.abort()
    expect((await waiting).code).toBe('SD_LOCK_CANCELLED')
    await first.release()
  })

  test('one that finds somebody else in its place is lost, and leaves that one alone', async () => {
    const lease = await stage.take()
    const successor = {
      ...lease.holder,
      id: 'successor',
      host: 'elsewhere',
      boot: 'another',
      token: lease.token + 1,
    }
    await stage.module.leaveBehind(stage.server.place, successor)
    expect(await lease.renew()).toBe(false)
    expect(lease.state).toBe('lost')
    expect(lease.signal.aborted).toBe(true)
    expect(lease.signal.reason).toMatchObject({ code: 'SD_LOCK_LOST', token: lease.token })
    await lease.release()
    expect(lease.state).toBe('lost')
    const next = await stage.take(stage.subject.ttl * 3)
    expect(next.token).toBeGreaterThan(successor.token)
    await next.release()
  })
}
