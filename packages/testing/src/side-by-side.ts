import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, test as jestTest } from '@jest/globals'
import { createSandbox, type Sandbox } from './sandbox.ts'

/** Registers a test, as Jest's own `test` does. */
export interface SandboxedTest {
  (name: string, body: () => unknown, timeout?: number): void
  each<T extends readonly [unknown, ...unknown[]]>(
    rows: readonly T[],
  ): (name: string, body: (...row: T) => unknown, timeout?: number) => void
  each<T>(rows: readonly T[]): (name: string, body: (row: T) => unknown, timeout?: number) => void
  skip(name: string, body: () => unknown): void
}

/** Tests that run side by side. */
export interface SideBySide {
  readonly test: SandboxedTest
  /** Registers a test that runs by itself, when those of its `describe` that run side by side are over. */
  alone(name: string, body: () => unknown, timeout?: number): void
  /** Of the test that asks. */
  readonly sandbox: Sandbox
}

/** How the tests are set up. */
export interface SideBySideOptions {
  /** Milliseconds for each test. @default 120_000 */
  timeout?: number
  /** How long what ends may take, in milliseconds. @default 15_000 */
  endTimeout?: number
  /** Runs before each test, in its sandbox. */
  begin?: () => unknown
  /** Runs after each test, in its sandbox, also after one that failed. */
  end?: () => unknown
}

/**
 * For tests that wait for processes most of the time: those of a `describe` run at the same time, as many as
 * Jest's `maxConcurrency` says, each in a sandbox of its own. Hooks of Jest do not run for them: use `begin` and `end`. Timers,
 * sockets and zombies of this process are looked for when the file's last test is over.
 *
 * @example
 * ```ts
 * const tests = testSideBySide()
 * const { test } = tests
 * test('ends', async () => {
 *   const daemon = runFixture(file, { env: tests.sandbox.env })
 *   …
 * })
 * ```
 */
export function testSideBySide(options: SideBySideOptions = {}): SideBySide {
  const { timeout = 120_000, endTimeout = 15_000, begin, end } = options
  const sandboxes = new AsyncLocalStorage<Sandbox>()
  let ofFile: Sandbox | undefined

  beforeAll(() => {
    ofFile = createSandbox()
  })
  afterAll(() => ofFile?.assertNothingLeft({ timeout: endTimeout }), endTimeout + 5000)

  const inSandbox = (body: () => unknown): Promise<void> =>
    sandboxes.run(createSandbox({ countsHandles: false }), async () => {
      const sandbox = sandboxes.getStore()!
      try {
        await begin?.()
        await body()
      } finally {
        try {
          await end?.()
        } finally {
          await sandbox.assertNothingLeft({ timeout: endTimeout })
        }
      }
    })

  const register = (name: string, body: () => unknown, limit = timeout): void =>
    jestTest.concurrent(name, () => inSandbox(body), limit)
  const each =
    (rows: readonly unknown[]) =>
    (name: string, body: (...row: never[]) => unknown, limit = timeout): void =>
      jestTest.concurrent.each(rows as readonly unknown[][])(
        name,
        (...row) => inSandbox(() => body(...(row as never[]))),
        limit,
      )
  const skip: SandboxedTest['skip'] = (name, body) => jestTest.skip(name, () => inSandbox(body))
  return {
    test: Object.assign(register, { each: each as SandboxedTest['each'], skip }),
    alone: (name, body, limit = timeout) => jestTest(name, () => inSandbox(body), limit),
    get sandbox() {
      const sandbox = sandboxes.getStore()
      if (!sandbox) throw new Error('Only a test that runs side by side has a sandbox here.')
      return sandbox
    },
  }
}
