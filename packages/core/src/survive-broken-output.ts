/**
 * Keeps the process alive when its terminal, or the reader of its stdout or stderr, is gone: Node ends it with an uncaught
 * error otherwise, whoever has written.
 *
 * @param onError - told of each write to stdout that fails.
 * @returns ends that, when what was written so far has arrived or failed.
 */
export function surviveBrokenOutput(onError: (error: NodeJS.ErrnoException) => void = () => {}): () => void {
  const ignore = (): void => {}
  process.stdout.on('error', onError)
  process.stderr.on('error', ignore)
  return () => {
    // A stream tells its callback before its listeners.
    process.stdout.write('', () => setImmediate(() => process.stdout.off('error', onError)))
    process.stderr.write('', () => setImmediate(() => process.stderr.off('error', ignore)))
  }
}
