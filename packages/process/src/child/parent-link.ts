/** What a child process has of its parent: made by `connectToParent`. */
export interface ParentLink {
  /** What the parent gave as `ChildSpec.initial`. */
  readonly initial: unknown
  /**
   * Resolves when what a debugger has attached so far works: to be awaited before user's code is imported. Undefined
   * where nothing is attached.
   */
  readonly attached: Promise<void> | undefined
  /**
   * Sends a message. Messages of one turn travel in one write; their order is kept. Does nothing once
   * {@link ParentLink.exit} was called.
   *
   * @param ownLevels - as in `Child.send`.
   * @throws DOMException `DataCloneError` when structured clone does not take the message.
   * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE` beyond 256 MiB.
   */
  send(message: unknown, ownLevels?: number): void
  /** Writes out at once what waits; what the pipe does not take now follows when it does. */
  flush(): void
  /** Bytes of messages that the parent has not taken: hold back when it grows. After a flush, 0 means all is out. */
  readonly buffered: number
  /** Calls `done` when the system has taken all that was sent until now: from then on this process's end cannot undo it. */
  whenFlushed(done: () => void): void
  /** Begins to hear the parent, where `connectToParent` has not: its messages, its orders, its end. */
  listen(): void
  /** Calls `handler` with each message of the parent, one handler at a time: the last one set. */
  onMessage(handler: (message: unknown) => void): void
  /**
   * Calls `handler` once when the parent wants the child to end, by a drain message or SIGTERM. When it is
   * done and all that was sent is written, the process exits with 0. Without a handler it exits at once.
   */
  onDrain(handler: () => void | Promise<void>): void
  /** Tells the parent that this child can take work now. */
  ready(): void
  /** Tells the parent why this child cannot work, then exits with 1. */
  startFailed(error: unknown): void
  /** Exits with `code` once all that was sent is written. */
  exit(code: number): void
}
