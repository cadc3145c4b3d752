import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'
import type { PoolOptions, WorkerShape } from '@sd/workers'
import { subject } from './fixtures/subjects.ts'
import { startDaemon, type TestDaemon } from './start-daemon.ts'

/** Gives each test of a file a sandbox, stops the daemons that the test started, and proves that nothing is left. */
export function testDaemons() {
  let sandbox: Sandbox
  let started: TestDaemon<Record<string, never>>[] = []

  beforeEach(() => {
    sandbox = createSandbox()
  })

  afterEach(async () => {
    for (const daemon of started) await daemon.stop()
    started = []
    await sandbox.assertNothingLeft()
  })

  async function start<const Workers extends Record<string, WorkerShape>>(
    pools: {
      readonly [A in keyof Workers]: PoolOptions<Workers[A]>
    },
    shutdownTimeout?: number,
  ): Promise<TestDaemon<Workers>> {
    const daemon = await startDaemon(sandbox, pools, shutdownTimeout)
    started.push(daemon as never)
    return daemon
  }

  /** A daemon with one pool, of the worker that does whatever a test needs. */
  async function startSubject(options: object = {}) {
    const daemon = await start({ subject: { worker: subject, ...options } })
    return { ...daemon, subject: daemon.workers.subject, pool: daemon.workers.pool('subject') }
  }

  return { sandbox: () => sandbox, start, startSubject }
}

/**
 * One daemon for the tests of a file or group, each of which leaves it as it found it; only `log` and `errors` are
 * emptied between them. Call it where the first of them begins.
 *
 * @param warmUp - makes its processes start, so that no test seems to leave them behind.
 */
export function shareDaemon<const Workers extends Record<string, WorkerShape>>(
  pools: { readonly [A in keyof Workers]: PoolOptions<Workers[A]> },
  warmUp: (workers: TestDaemon<Workers>['workers']) => PromiseLike<unknown>,
): () => TestDaemon<Workers> {
  let sandbox: Sandbox
  let daemon: TestDaemon<Workers>

  beforeAll(async () => {
    sandbox = createSandbox()
    daemon = await startDaemon(sandbox, pools)
    await warmUp(daemon.workers)
  })

  beforeEach(() => {
    daemon.log.length = 0
    daemon.errors.length = 0
  })

  afterAll(async () => {
    await daemon.stop()
    await sandbox.assertNothingLeft()
  })

  return () => daemon
}

/** {@link shareDaemon} with one pool, of the worker that does whatever a test needs. */
export function shareSubject() {
  const shared = shareDaemon({ subject: { worker: subject } }, ({ subject }) => subject.pid())
  return () => {
    const daemon = shared()
    return { ...daemon, subject: daemon.workers.subject, pool: daemon.workers.pool('subject') }
  }
}
