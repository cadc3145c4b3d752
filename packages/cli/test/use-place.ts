import { afterEach, beforeEach, jest } from '@jest/globals'
import { createSandbox, type Sandbox, type SideBySide, testSideBySide } from '@sd/testing'
import { type Place, placeOf } from './run-cli.ts'

/**
 * Gives each test of a file a place for its daemons, and proves at each test's end that nothing is left.
 *
 * @param leftovers - how long what ends may take.
 */
export function usePlace(
  leftovers: Parameters<Sandbox['assertNothingLeft']>[0] = {},
): Place & { readonly sandbox: Sandbox } {
  // Each command is a process, and a machine may have many.
  jest.setTimeout(240_000)
  let sandbox: Sandbox
  let place: Place

  beforeEach(() => {
    sandbox = createSandbox()
    place = placeOf(sandbox)
  })
  afterEach(() => sandbox.assertNothingLeft(leftovers))

  return {
    get sandbox() {
      return sandbox
    },
    get runDirectory() {
      return place.runDirectory
    },
    get logDirectory() {
      return place.logDirectory
    },
    get env() {
      return place.env
    },
  }
}

/** The same for tests that run side by side: daemons, and who waits for them, wait most of the time. */
export function usePlaces(): Place & SideBySide {
  // A machine may have many processes.
  const tests = testSideBySide({ timeout: 240_000, endTimeout: 20_000 })
  return {
    test: tests.test,
    alone: tests.alone,
    get sandbox() {
      return tests.sandbox
    },
    get runDirectory() {
      return placeOf(tests.sandbox).runDirectory
    },
    get logDirectory() {
      return placeOf(tests.sandbox).logDirectory
    },
    get env() {
      return placeOf(tests.sandbox).env
    },
  }
}
