import { describe } from '@jest/globals'
import { testSideBySide } from '@sd/testing'
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
  const tests = testSideBySide({ begin: () => stage.open(), end: () => stage.close() })
  const stage = new Stage(subject, module, tests)

  // Most wait for a ttl to pass: they wait together, those that wait longest first.
  describe(subject.name, () => {
    if (subject.excludes !== false) {
      testRenewals(stage)
      testRestarts(stage)
      testPauses(stage)
      testDeaths(stage)
      testForgeries(stage)
      testBasics(stage)
    }
    testOwnClock(stage)
  })
  // These take all of the processor, or count what this process has open.
  describe(`${subject.name}: alone`, () => {
    if (subject.excludes !== false) testContention(stage)
    testLeftovers(stage)
  })
}
