import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'
import { readTokens } from './fixtures/witness.ts'
import { type LockModule, type LockServer, type LockSubject, type Sizes, suiteSizes } from './subject.ts'

/** What each group of tests works with. */
export interface Stage {
  readonly subject: LockSubject
  readonly sizes: Sizes
  readonly module: LockModule
  sandbox: Sandbox
  server: LockServer
  /** Runs a fixture of the suite, with the module's URL and the place as its first arguments. */
  run(fixture: string, ...args: (string | number)[]): Fixture
}

/** Registers the tests that every backend must pass. */
export function describeLock(subject: LockSubject, module: LockModule): void {
  const stage = { subject, module, sizes: suiteSizes(subject) } as Stage
  stage.run = (fixture, ...args) =>
    runFixture(new URL(`./fixtures/${fixture}.ts`, import.meta.url), {
      env: stage.sandbox.env,
      args: [subject.module.href, stage.server.place, ...args.map(String)],
    })

  describe(`${subject.name}`, () => {
    beforeEach(async () => {
      stage.sandbox = createSandbox()
      stage.server = await subject.start(stage.sandbox.dir)
    })

    afterEach(async () => {
      await stage.server.stop()
      await stage.sandbox.assertNothingLeft()
    })

    describeContention(stage)
  })
}

function describeContention(stage: Stage): void {
  const { contenders, rounds } = stage.sizes
  test.each(['die', 'release'])(
    `${contenders} processes take the lock ${rounds} times each, one at a time, with rising tokens (%s)`,
    async (ending) => {
      const { ttl } = stage.subject
      const { dir } = stage.sandbox
      const all = Array.from({ length: contenders }, () =>
        stage.run('contender', ttl * 10, dir, rounds, ending),
      )
      await Promise.all(all.map((one) => one.waitForLine(/^up$/, 120_000)))
      for (const one of all) one.tell('go')
      const ends = await Promise.all(all.map((one) => one.exit))
      expect(all.map((one) => one.lines.join('\n'))).toEqual(all.map(() => 'up\ndone'))
      expect(ends).toEqual(all.map(() => ({ code: 0, signal: null })))
      const tokens = readTokens(dir)
      expect(tokens).toHaveLength(contenders * rounds)
      expect(tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0))).toEqual([])
    },
    1_800_000,
  )
}
