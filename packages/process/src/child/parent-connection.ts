import { Socket } from 'node:net'
import type { FrameKind } from '../channel/frame.ts'
import { encodeFrame } from '../channel/frame-encoder.ts'
import { type ReceivedKind, readFrames } from '../channel/frame-reader.ts'
import { FrameWriter } from '../channel/frame-writer.ts'
import type { SharedFiles } from '../channel/shared-files.ts'
import { flattenError } from '../exchange/flatten-error.ts'
import { killOwnGroup } from './kill-own-group.ts'
import { FD_FROM_PARENT, FD_TO_PARENT } from './launch-ticket.ts'
import type { ParentLink } from './parent-link.ts'

/** The child's end of the pipes. */
export class ParentConnection implements ParentLink {
  readonly initial: unknown
  readonly #writer: FrameWriter
  #handleMessage: ((message: unknown) => void) | undefined
  /** What came before anybody listened. */
  #early: unknown[] = []
  #handleDrain: (() => void | Promise<void>) | undefined
  #draining = false
  #exiting = false

  constructor(initial: unknown, shared: SharedFiles | undefined, blocking: boolean) {
    this.initial = initial
    const fromParent = new Socket({ fd: FD_FROM_PARENT, readable: true, writable: false })
    const toParent = new Socket({ fd: FD_TO_PARENT, readable: false, writable: true })
    // The pipes end only with the parent: nobody is left who could want anything.
    for (const pipe of [fromParent, toParent]) pipe.on('error', killOwnGroup)
    fromParent.on('close', killOwnGroup)
    if (blocking) block(toParent)
    this.#writer = new FrameWriter(toParent)
    if (shared) {
      this.#writer.share(shared.up)
      this.#writer.write(encodeFrame('sharing'))
    }
    readFrames(fromParent, {
      shared: shared?.down,
      onFrame: this.#receive,
      onTaken: (places) => this.#writer.sendTaken(places),
      onReleased: (places) => this.#writer.release(places),
      onNonsense: killOwnGroup,
    })
    process.on('SIGTERM', () => this.#drain())
    process.on('exit', this.#writer.flush)
  }

  send(message: unknown, ownLevels?: number): void {
    if (!this.#exiting) this.#writer.send(message, ownLevels)
  }

  get buffered(): number {
    return this.#writer.buffered
  }

  whenFlushed(done: () => void): void {
    this.#writer.whenFlushed(done)
  }

  flush(): void {
    this.#writer.flush()
  }

  onMessage(handler: (message: unknown) => void): void {
    this.#handleMessage = handler
    const early = this.#early
    this.#early = []
    for (const message of early) this.#deliver(message)
  }

  onDrain(handler: () => void | Promise<void>): void {
    this.#handleDrain = handler
  }

  ready(): void {
    this.#tell('ready')
  }

  startFailed(error: unknown): void {
    this.#tell('failed', flattenError(error))
    this.exit(1)
  }

  exit(code: number): void {
    if (this.#exiting) return
    this.#exiting = true
    this.#writer.end(() => process.exit(code))
  }

  #tell(kind: FrameKind, message?: unknown): void {
    if (this.#exiting) return
    this.#writer.write(encodeFrame(kind, message))
    this.#writer.flush()
  }

  #receive = (kind: ReceivedKind, message: unknown): void => {
    if (kind === 'drain') this.#drain()
    else if (kind === 'message') this.#deliver(message)
  }

  #deliver(message: unknown): void {
    if (!this.#handleMessage) {
      this.#early.push(message)
      return
    }
    try {
      this.#handleMessage(message)
    } catch (error) {
      // On its own, as any uncaught exception, so that the messages behind it are not lost with it.
      setImmediate(() => {
        throw error
      })
    }
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    this.#finish().then(
      () => this.exit(0),
      (error) => {
        console.error(error)
        this.exit(1)
      },
    )
  }

  async #finish(): Promise<void> {
    await this.#handleDrain?.call(undefined)
  }
}

/** Has writes wait until the system takes them. Only this end of the pipe: the parent's is another matter. */
function block(pipe: Socket): void {
  const { _handle: handle } = pipe as unknown as { _handle?: { setBlocking?(on: boolean): number } }
  handle?.setBlocking?.(true)
}
