import { expect } from '@jest/globals'
import { readTokens } from './fixtures/witness.ts'
import type { Stage } from './stage.ts'

/** Milliseconds. */
const LONG = 3_600_000

export function testContention(stage: Stage): void {
  const { contenders, rounds } = stage.sizes
  const endings = { die: 'each time from a dead holder', release: 'each time when it is free' }
  for (const [ending, how] of Object.entries(endings)) {
    stage.alone(
      `${contenders} processes take it ${rounds} times each, one at a time, with rising tokens (${ending}: ${how})`,
      () => contend(ending),
      LONG,
    )
  }

  async function contend(ending: string): Promise<void> {
    const { dir } = stage.sandbox
    const ttl = stage.subject.ttl * 10
    const all = Array.from({ length: contenders }, () => stage.run('contender', ttl, dir, rounds, ending))
    await Promise.all(all.map((one) => one.waitForLine(/^up$/, LONG)))
    for (const one of all) one.tell('go')
    const ends = await Promise.all(all.map((one) => one.exit))
    expect(all.map((one) => one.lines.join('\n'))).toEqual(all.map(() => 'up\ndone'))
    expect(ends).toEqual(all.map(() => ({ code: 0, signal: null })))
    const tokens = readTokens(dir)
    expect(tokens).toHaveLength(contenders * rounds)
    expectRising(tokens)
  }
}

export function expectRising(tokens: readonly number[]): void {
  expect(tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0))).toEqual([])
}
