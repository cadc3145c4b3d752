import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type { Fixture } from '@sd/testing'
import { expectRising } from './contention.ts'
import { readTokens } from './fixtures/witness.ts'
import { numbersOf, type Stage } from './stage.ts'

/** Milliseconds. */
const LONG = 3_600_000

export function testDeaths(stage: Stage): void {
  const { test } = stage
  const { kills, crashes, contenders } = stage.sizes
  const { provesDeath } = stage.subject
  const limit = provesDeath ? 'before their ttl' : 'after their ttl'

  test(
    `${kills} holders that are killed are taken over from ${limit}`,
    async () => {
      // Where death can be proved, the ttl has nothing to do with it.
      const ttl = provesDeath ? 600_000 : stage.subject.ttl
      const standBy = (): Fixture => stage.run('holder', ttl, 'Infinity')
      const first = standBy()
      let held = await numbersOf(first, 'held')
      let holder = first
      let waiting = [standBy(), standBy()]
      await Promise.all(waiting.map((one) => one.waitForLine(/^up$/)))
      const tokens = [held[0]!]
      for (let kill = 0; kill < kills; kill++) {
        holder.kill()
        const next = await Promise.race(
          waiting.map(async (one) => {
            held = await numbersOf(one, 'held', 60_000)
            return one
          }),
        )
        tokens.push(held[0]!)
        await holder.exit
        holder = next
        waiting = [...waiting.filter((one) => one !== next), standBy()]
        await waiting.at(-1)!.waitForLine(/^up$/)
      }
      expectRising(tokens)
      for (const one of [holder, ...waiting]) one.kill()
      await Promise.all([holder, ...waiting].map((one) => one.exit))
    },
    LONG,
  )

  test(
    `${crashes} processes are killed at any moment of taking and giving, and never are there two holders`,
    async () => {
      const { dir } = stage.sandbox
      // Nobody who lives may be so late on a busy machine that it has lost the lock; who is dead need not be waited for.
      const ttl = stage.subject.provesDeath ? stage.subject.ttl * 10 : stage.subject.ttl
      const contend = (): Fixture => {
        const one = stage.run('contender', ttl, dir, 1e9, 'release')
        one.tell('go')
        return one
      }
      const crowd = Array.from({ length: Math.min(contenders, 6) }, contend)
      await Promise.all(crowd.map((one) => one.waitForLine(/^up$/, 60_000)))
      const exits = []
      for (let crash = 0; crash < crashes; crash++) {
        const victim = crowd.shift()!
        await victim.waitForLine(/^up$/, 60_000)
        await sleep(Math.random() * 20)
        victim.kill()
        exits.push(victim)
        crowd.push(contend())
      }
      for (const one of crowd) one.kill()
      exits.push(...crowd)
      // One that saw another in its place would have ended by itself.
      const ends = await Promise.all(exits.map((one) => one.exit))
      expect(exits.flatMap(({ lines }) => lines).filter((line) => line !== 'up')).toEqual([])
      expect(ends.filter(({ signal }) => signal !== 'SIGKILL')).toEqual([])
      expectRising(readTokens(dir))
      const last = await stage.take(stage.subject.ttl * 3)
      await last.release()
      expect(await stage.server.leftovers()).toEqual([])
    },
    LONG,
  )
}
