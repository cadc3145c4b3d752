// A daemon that says when its first iteration is there, and ends.
import { writeSync } from 'node:fs'
import { createDaemon } from '@sd/core'
import { quietLogger } from './quiet-logger.ts'

await createDaemon({ name: 'bench-start', interval: 1000, logger: quietLogger })
  .execute((daemon) => {
    writeSync(1, '.')
    void daemon.stop()
  })
  .run()
