import type { Clock } from '../clock.ts'

/** Milliseconds that a reader may take. */
const LIMIT = 1000

/** Resolves when stdout and stderr have taken what was written: what they still hold would be lost. */
export async function flushOutput(clock: Clock): Promise<void> {
  const flushed = [process.stdout, process.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => {
        if (stream.writableLength === 0 || !stream.writable) return resolve()
        stream.write('', () => resolve())
      }),
  )
  let cancel: (() => void) | undefined
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(LIMIT, resolve).cancel
  })
  await Promise.race([Promise.all(flushed), late])
  cancel?.()
}
