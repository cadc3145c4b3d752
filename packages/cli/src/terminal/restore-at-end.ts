/** Signals that end a program whose terminal is not as it found it. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/**
 * Has something done before the process ends, by whatever end can be seen coming: a signal, `process.exit`, an error
 * that nobody catches. A signal then ends the process as it would have without this.
 *
 * @returns takes it back.
 */
export function restoreAtEnd(restore: () => void): () => void {
  const takeBack = (): void => {
    process.off('exit', restore)
    for (const signal of ENDING_SIGNALS) process.off(signal, end)
  }
  const end = (signal: NodeJS.Signals): void => {
    restore()
    takeBack()
    process.kill(process.pid, signal)
  }
  process.on('exit', restore)
  for (const signal of ENDING_SIGNALS) process.on(signal, end)
  return takeBack
}
