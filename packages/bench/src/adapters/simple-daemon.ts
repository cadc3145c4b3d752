import { createDaemon } from '@sd/core'
import { workers } from '@sd/workers'
import { quietLogger } from '../programs/quiet-logger.ts'
import { methodsWorker } from '../workers/simple-daemon-worker.ts'
import type { Pool } from './adapter.ts'

/** A daemon that only waits, and a pool in it, with every option left at its default but the size. */
export async function startSimpleDaemon(size: number): Promise<Pool> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const daemon = createDaemon({ name: 'bench', logger: quietLogger })
    .use(workers({ methods: { worker: methodsWorker, size } }))
    .setup(() => resolve())
  daemon.run().then((report) => report.error && reject(report.error), reject)
  await ready
  const client = daemon.workers.methods
  return {
    call: (method, argument) => client[method](argument as never),
    close: () => daemon.stop(),
  }
}
