import type { DaemonBase, LogRecord } from '@sd/core'

/** How many lines are shown of a start that fails. */
const KEPT = 20

/** Keeps the last lines of a daemon's log. @returns shows them. */
export function keepLastLines(daemon: DaemonBase): () => string[] {
  const records: LogRecord[] = []
  daemon.on('log', (record) => {
    records.push(record)
    if (records.length > KEPT) records.shift()
  })
  return () => records.flatMap(({ label, message }) => message.split('\n').map((line) => `${label}: ${line}`))
}
