import { listDaemons } from '@sd/control/client'
import { removeUnservedSocket } from '@sd/core/unix-socket'
import { listPidFiles } from '../daemons/run-pid-files.ts'
import { removeDeadPidFile } from '../pid-file/remove-dead-pid-file.ts'

/** Removes the pid file and the control socket of a process that had to be killed while it started. */
export async function removeLeftovers(pid: number): Promise<void> {
  const left = (await listPidFiles()).filter(({ record, isAlive }) => record.pid === pid && !isAlive)
  for (const { name, path, record } of left) {
    removeDeadPidFile(path, record)
    const stale = (await listDaemons({ name })).filter(({ state }) => state === 'stale')
    for (const socket of stale) await removeUnservedSocket(socket.path)
  }
}
