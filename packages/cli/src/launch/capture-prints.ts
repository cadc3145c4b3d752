import { StringDecoder } from 'node:string_decoder'
import type { LaunchedDaemon } from '@sd/core'

type Write = NodeJS.WriteStream['write']

/**
 * Has what a detached daemon prints appear in its log, line by line: nobody looks at its stdout. What does not pass
 * through `process.stdout` (a crash of Node, native code) still goes to where the process was told to print. Whoever prints
 * more than the disk takes is asked to wait, as any stream does it: `write()` returns false, and `drain` follows.
 */
export function capturePrints({ daemon, logRoom }: Pick<LaunchedDaemon, 'daemon' | 'logRoom'>): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name]
    const original = stream.write.bind(stream)
    const line = new LineCollector((text) => daemon.log(text, name))
    let room: Promise<void> | undefined
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      // What the log itself prints must not be logged again.
      if (line.isBusy) return (original as (...args: unknown[]) => boolean)(chunk, ...rest)
      line.push(typeof chunk === 'string' ? Buffer.from(chunk, readEncoding(rest)) : Buffer.from(chunk))
      room ??= logRoom()?.finally(() => {
        room = undefined
        stream.emit('drain')
      })
      const done = rest.find((item) => typeof item === 'function') as (() => void) | undefined
      if (done && room) void room.then(done)
      else if (done) process.nextTick(done)
      return room === undefined
    }) as Write
    process.on('exit', () => line.end())
  }
}

function readEncoding([given]: readonly unknown[]): BufferEncoding {
  return typeof given === 'string' ? (given as BufferEncoding) : 'utf8'
}

/** A line that does not end is cut. Characters. */
const LONGEST_REST = 1024 * 1024

/** Cuts text into lines. */
class LineCollector {
  readonly #take: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''
  /** Whether a line is being taken. */
  isBusy = false

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(bytes: Buffer): void {
    const text = this.#rest + this.#decoder.write(bytes)
    const end = text.length > LONGEST_REST ? text.length : text.lastIndexOf('\n') + 1
    this.#rest = text.slice(end)
    if (end > 0) this.#tell(text.slice(0, end))
  }

  end(): void {
    const rest = this.#rest + this.#decoder.end()
    this.#rest = ''
    if (rest !== '') this.#tell(rest)
  }

  #tell(text: string): void {
    this.isBusy = true
    try {
      this.#take(text.endsWith('\n') ? text.slice(0, -1) : text)
    } finally {
      this.isBusy = false
    }
  }
}
