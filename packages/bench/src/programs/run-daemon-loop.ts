import { createDaemon } from '@sd/core'
import { quietLogger } from './quiet-logger.ts'

/** A daemon whose `execute` runs every `interval` ms until `iterate` answers false. */
export function runDaemonLoop(interval: number, iterate: () => boolean): Promise<unknown> {
  const daemon = createDaemon({ name: 'bench-loop', interval, logger: quietLogger }).execute((daemon) => {
    if (!iterate()) void daemon.stop()
  })
  return daemon.run()
}
