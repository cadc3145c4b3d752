import { afterEach, beforeEach, describe } from '@jest/globals'
import { createSandbox } from '@sd/testing'
import { testBasics } from './basics.ts'
import { testContention } from './contention.ts'
import { testDeaths } from './deaths.ts'
import { testForgeries } from './forgeries.ts'
import { testLeftovers } from './leftovers.ts'
import { testOwnClock } from './own-clock.ts'
import { testPauses } from './pauses.ts'
import { testRenewals } from './renewals.ts'
import { testRestarts } from './restarts.ts'
import { Stage } from './stage.ts'
import type { LockModule, LockSubject } from './subject.ts'

/**
 * Registers the tests that every backend must pass.
 *
 * @param module - the default export of `subject.module`, for what is done in the test's own process.
 */
export function describeLock(subject: LockSubject, module: LockModule): void {
  const stage = new Stage(subject, module)

  beforeEach(async () => {
    stage.sandbox = createSandbox()
    stage.server = await subject.start(stage.sandbox.dir)
  })

  afterEach(async () => {
    await stage.server.stop()
    await stage.sandbox.assertNothingLeft()
  })

  describe(`${subject.name}: one's own clock`, () => testOwnClock(stage))
  describe(`${subject.name}: what is left`, () => testLeftovers(stage))
  if (subject.excludes === false) return
  describe(`${subject.name}: taking and giving`, () => testBasics(stage))
  describe(`${subject.name}: contention`, () => testContention(stage))
  describe(`${subject.name}: dead holders`, () => testDeaths(stage))
  describe(`${subject.name}: holders that sleep`, () => testPauses(stage))
  describe(`${subject.name}: a restart in place`, () => testRestarts(stage))
  describe(`${subject.name}: a main thread that a debugger has stopped`, () => testRenewals(stage))
  describe(`${subject.name}: what a record can say`, () => testForgeries(stage))
}
