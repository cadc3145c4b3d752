import type { DaemonBase } from '@sd/core'

type Write = NodeJS.WriteStream['write']

/**
 * Has what a detached daemon prints appear in its log, line by line: nobody looks at its stdout. What does not pass
 * through `process.stdout` (a crash of Node, native code) still goes to where the process was told to print.
 */
export function capturePrints(daemon: DaemonBase): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name]
    const original = stream.write.bind(stream)
    const line = new LineCollector((text) => daemon.log(text, name))
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      // What the log itself prints must not be logged again.
      if (line.isBusy) return (original as (...args: unknown[]) => boolean)(chunk, ...rest)
      line.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      const done = rest.find((item) => typeof item === 'function') as (() => void) | undefined
      if (done) process.nextTick(done)
      return true
    }) as Write
    process.on('exit', () => line.end())
  }
}

/** Cuts text into lines. */
class LineCollector {
  readonly #take: (line: string) => void
  #rest = ''
  /** Whether a line is being taken. */
  isBusy = false

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    this.#tell(lines)
  }

  end(): void {
    const rest = this.#rest
    this.#rest = ''
    if (rest !== '') this.#tell([rest])
  }

  #tell(lines: readonly string[]): void {
    this.isBusy = true
    try {
      if (lines.length > 0) this.#take(lines.join('\n'))
    } finally {
      this.isBusy = false
    }
  }
}
