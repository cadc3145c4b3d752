// A daemon with all that holds and shows one, for `operate.ts`.
import { createDaemon } from '@sd/core'
import { debugConsole } from '@sd/debug-console'
import { nullLock } from '@sd/lock'
import { fileLock } from '@sd/lock-file'
import { shmLock } from '@sd/lock-shm'
import { defineTask, tasks } from '@sd/tasks'
import { defineWorker, workers } from '@sd/workers'

export const halve = defineWorker(import.meta.url, (n: number): number => {
  const half = n / 2
  return half
})
export const greet = defineTask(import.meta.url, (name: string): string => `hello ${name}`)

const daemon = createDaemon({ name: 'importer', interval: 60_000 })
  .use(fileLock())
  .use(shmLock())
  .use(nullLock())
  .use(workers({ halve }))
  .use(tasks())
  .use(debugConsole({ allow: true }))
  .execute(async (daemon) => {
    daemon.log(`halved ${await daemon.workers.halve(42)}, ${await daemon.tasks.run(greet, 'you')}`)
  })

export default daemon
await daemon.run()
