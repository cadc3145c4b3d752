import { readdirSync, rmSync } from 'node:fs'
import { afterEach, beforeEach } from '@jest/globals'
import { createSandbox, type Fixture, makeOwnedDirectory, runFixture, type Sandbox } from '@sd/testing'

/** A directory of segments for one test, in memory as for users, and what runs in it. */
export interface Segments {
  readonly sandbox: Sandbox
  readonly directory: string
  /** Runs a file of `fixtures` with these segments. */
  run(fixture: string, ...args: string[]): Fixture
}

/** Makes one for each test of a file, and proves at each test's end that nothing is left. */
export function useSegments(): Segments {
  let sandbox: Sandbox
  let directory: string

  beforeEach(() => {
    sandbox = createSandbox()
    directory = makeOwnedDirectory('/dev/shm')
    process.env.SD_SHM_DIR = directory
  })

  afterEach(async () => {
    const left = readdirSync(directory)
    delete process.env.SD_SHM_DIR
    rmSync(directory, { recursive: true, force: true })
    await sandbox.assertNothingLeft()
    if (left.length > 0) throw new Error(`The test left segments behind: ${left.join(', ')}`)
  })

  return {
    get sandbox() {
      return sandbox
    },
    get directory() {
      return directory
    },
    run: (fixture, ...args) =>
      runFixture(new URL(`./fixtures/${fixture}`, import.meta.url), {
        args,
        env: { ...sandbox.env, SD_SHM_DIR: directory },
      }),
  }
}
