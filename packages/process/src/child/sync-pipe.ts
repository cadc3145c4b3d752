import { writeSync } from 'node:fs'

/**
 * A pipe that is written to at once, and that holds the process up while nobody reads: nothing ever waits in this
 * process, and it needs none of Node's streams.
 */
export class SyncPipe {
  readonly #fd: number
  readonly #onBroken: () => void
  writable = true
  /** Bytes that were taken and not yet written. */
  readonly writableLength = 0

  /** @param fd - in blocking mode. @param onBroken - called when nobody can read any more. */
  constructor(fd: number, onBroken: () => void) {
    this.#fd = fd
    this.#onBroken = onBroken
  }

  write(chunk: Uint8Array | string, encodingOrDone?: 'latin1' | (() => void), done?: () => void): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk
    try {
      for (let start = 0; start < bytes.length; ) start += writeSync(this.#fd, bytes, start)
    } catch {
      this.writable = false
      this.#onBroken()
    }
    const whenDone = typeof encodingOrDone === 'function' ? encodingOrDone : done
    if (whenDone) process.nextTick(whenDone)
  }

  end(done: () => void): void {
    this.writable = false
    process.nextTick(done)
  }
}
