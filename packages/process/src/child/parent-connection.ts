import type { Socket } from 'node:net'
import type { FrameKind } from '../channel/frame.ts'
import { encodeFrame } from '../channel/frame-encoder.ts'
import { type ReceivedKind, readFrames } from '../channel/frame-reader.ts'
import { FrameWriter } from '../channel/frame-writer.ts'
import { openSharedFiles, type SharedFilesAddress } from '../channel/shared-files.ts'
import { describeError, flattenError } from '../exchange/flatten-error.ts'
import type { Attachment, Attachments } from './attachments.ts'
import { killOwnGroup } from './kill-own-group.ts'
import { FD_FROM_PARENT, FD_TO_PARENT } from './launch-ticket.ts'
import type { ParentLink } from './parent-link.ts'
import { SyncPipe } from './sync-pipe.ts'

/** The child's end of the pipes. */
export class ParentConnection implements ParentLink {
  readonly initial: unknown
  readonly #writer: FrameWriter
  readonly #sharedAddress: SharedFilesAddress | undefined
  readonly #attachments: Attachments
  #listening = false
  #handleMessage: ((message: unknown) => void) | undefined
  /** What came before anybody listened. */
  #early: unknown[] = []
  #handleDrain: (() => void | Promise<void>) | undefined
  #draining = false
  #exiting = false

  constructor(
    initial: unknown,
    shared: SharedFilesAddress | undefined,
    lean: boolean,
    attachments: Attachments,
  ) {
    this.initial = initial
    this.#attachments = attachments
    this.#sharedAddress = shared
    this.#writer = new FrameWriter(lean ? new SyncPipe(FD_TO_PARENT, killOwnGroup) : openSocket(FD_TO_PARENT))
    process.on('SIGTERM', () => this.#drain())
    process.on('exit', this.#writer.flush)
    if (!lean) this.listen()
  }

  listen(): void {
    if (this.#listening) return
    this.#listening = true
    const shared = this.#sharedAddress && openSharedFiles(this.#sharedAddress)
    if (shared) {
      this.#writer.share(shared.up)
      this.#writer.write(encodeFrame('sharing'))
    }
    const pipe = openSocket(FD_FROM_PARENT)
    // It ends only with the parent: nobody is left who could want anything.
    pipe.on('close', killOwnGroup)
    readFrames(pipe, {
      shared: shared?.down,
      onFrame: this.#receive,
      onTaken: (places) => this.#writer.sendTaken(places),
      onReleased: (places) => this.#writer.release(places),
      onNonsense: killOwnGroup,
    })
  }

  get attached(): Promise<void> | undefined {
    return this.#attachments.started
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
    else if (kind === 'attach') this.#attachments.add(message as Attachment)
    else if (kind === 'detach') this.#attachments.remove(message as number)
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
        console.error(describeError(error))
        this.exit(1)
      },
    )
  }

  async #finish(): Promise<void> {
    await this.#handleDrain?.call(undefined)
  }
}

/** `node:net` takes 2 ms to load: only who needs it pays. */
function openSocket(fd: number): Socket {
  const { Socket } = process.getBuiltinModule('node:net')
  const readable = fd === FD_FROM_PARENT
  return new Socket({ fd, readable, writable: !readable }).on('error', killOwnGroup)
}
