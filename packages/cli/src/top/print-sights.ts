import type { Output } from '../output/output.ts'
import { followDaemon } from './follow-daemon.ts'

/**
 * Prints what a daemon tells of itself, one JSON document a line, until it is interrupted. While the daemon is away, one
 * line says so.
 *
 * @param count - of snapshots; undefined: no end.
 * @throws as `connectControl`, when there is no such daemon at first.
 */
export async function printSights(
  socket: string,
  interval: number,
  count: number | undefined,
  out: Output,
): Promise<void> {
  let printed = 0
  let isGone = false
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const daemon = await followDaemon(socket, interval, ({ snapshot, gone }) => {
    if (printed === count || (gone && isGone)) return
    isGone = gone !== undefined
    const time = new Date().toISOString()
    if (gone) return out.printJsonLine({ time, name: snapshot.name, state: 'gone', reason: gone.reason })
    out.printJsonLine({ time, ...snapshot })
    if (++printed === count) finish()
  })
  await finished
  await daemon.stop()
}
