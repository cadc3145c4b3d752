import type { Clock } from '@sd/core'
import { createSandbox, type Sandbox } from '@sd/testing'
import { createProcessManager, type ManagerSeams } from '../src/create-process-manager.ts'
import type { ChildSpec, ProcessManager } from '../src/index.ts'
import { createFakeHost } from './fake-host.ts'

/** A manager with real processes, and the proof that none of them is left. */
export interface Stage {
  readonly host: ReturnType<typeof createFakeHost>
  readonly manager: ProcessManager
  readonly sandbox: Sandbox
  /** The spec of a child that behaves so. */
  spec(behaviour: string, more?: Partial<ChildSpec>): ChildSpec
  /** Closes the manager and proves that nothing is left. */
  clear(): Promise<void>
}

export function createStage(seams: ManagerSeams = {}, clock?: Clock): Stage {
  const sandbox = createSandbox()
  const host = createFakeHost(clock)
  // The process that runs the tests may be large, and is not what they are about.
  const manager = createProcessManager(host, { largeFrom: Number.POSITIVE_INFINITY, ...seams })
  return {
    host,
    manager,
    sandbox,
    spec: (behaviour, more) => ({
      group: 'primes',
      entry: new URL('./fixtures/child.ts', import.meta.url),
      args: [behaviour],
      env: sandbox.env,
      execArgv: ['-C', '@sd/source'],
      ...more,
    }),
    async clear() {
      await manager.close()
      await sandbox.assertNothingLeft({ emptyDir: true })
    },
  }
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('It did not reject.')
}
