// What `check-packed.ts` runs in a project that has nothing but the packed packages.
import { createDaemon, type StopReport } from '@sd/core'
import { defineWorker, workers } from '@sd/workers'

export const double = defineWorker(import.meta.url, (n: number): number => n * 2)

const daemon = createDaemon({ name: 'consumer', interval: 1000 })
  .use(workers({ double }))
  .execute(async (daemon) => {
    const twice: number = await daemon.workers.double(21)
    console.log(`twice 21 is ${twice}`)
    void daemon.stop()
  })

const report: StopReport = await daemon.run()
if (report.reason !== 'stop') process.exitCode = 1
