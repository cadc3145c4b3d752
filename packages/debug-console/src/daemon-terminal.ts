/** What the daemon's process prints goes here while a console has its terminal. */
export type Output = (text: string) => void

/**
 * While a console is on the daemon's own terminal, what the daemon prints must not go through what one types: it is shown
 * by the console.
 *
 * @returns gives the streams back.
 */
export function divertOutput(output: Output): () => void {
  const givingBack = [process.stdout, process.stderr].map((stream) => divert(stream, output))
  return () => {
    for (const giveBack of givingBack) giveBack()
  }
}

function divert(stream: NodeJS.WriteStream, output: Output): () => void {
  const original = stream.write
  const diverted = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    callback?: (error?: Error | null) => void,
  ): boolean => {
    const text =
      typeof chunk === 'string'
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString()
    if (text !== '') output(text)
    const done = typeof encoding === 'function' ? encoding : callback
    if (done) process.nextTick(done)
    return true
  }
  stream.write = diverted as typeof stream.write
  return () => {
    if (stream.write === diverted) stream.write = original
  }
}
