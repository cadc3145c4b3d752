import { afterEach, beforeEach, jest } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'
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
