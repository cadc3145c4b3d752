import type { Client, DisconnectReason } from './client/client.ts'

/**
 * What a handler may return: a string or bytes are sent to the client, as one message in the server's framing;
 * anything else means nothing. A promise is waited for.
 */
export type Answer = unknown

/** Called when a client has connected; its messages wait until the handler is done. */
export type ConnectHandler<Data> = (client: Client<Data>) => Answer

/** Called once for each client that is gone. */
export type DisconnectHandler<Data> = (client: Client<Data>, reason: DisconnectReason) => unknown

/**
 * Called when a handler has failed, or a client's input was wrong (`SD_SERVER_INPUT`). What it returns is sent in
 * place of the answer. Without that, and always after wrong input, the client is closed.
 */
export type ErrorHandler<Data> = (error: Error, client: Client<Data>) => Answer

/** Called with a message that no command matches. */
export type MessageHandler<Data> = (client: Client<Data>, message: Buffer) => Answer

/** Called with a message that a command matches. */
export type CommandHandler<Data> = (client: Client<Data>, match: RegExpExecArray) => Answer

/** Handlers of one kind, called in the order in which they were added. */
export class HandlerList<Arguments extends unknown[]> {
  /** Replaced, never changed: a list that is being walked over stays as it is. */
  #handlers: readonly ((...args: Arguments) => unknown)[] = []

  get isEmpty(): boolean {
    return this.#handlers.length === 0
  }

  /** @returns removes the handler. */
  add(handler: (...args: Arguments) => unknown): () => void {
    // Of its own, so that a handler that is added twice is removed once.
    const added = (...args: Arguments): unknown => handler(...args)
    this.#handlers = [...this.#handlers, added]
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== added)
    }
  }

  /** Calls all, one after the other. @returns a promise only if a handler did. */
  call(take: (answer: unknown) => void, ...args: Arguments): Promise<void> | undefined {
    return this.#callFrom(0, this.#handlers, take, args)
  }

  #callFrom(
    first: number,
    handlers: readonly ((...args: Arguments) => unknown)[],
    take: (answer: unknown) => void,
    args: Arguments,
  ): Promise<void> | undefined {
    for (let index = first; index < handlers.length; index++) {
      const answer = handlers[index]!(...args)
      if (isThenable(answer)) {
        return Promise.resolve(answer).then((value) => {
          take(value)
          return this.#callFrom(index + 1, handlers, take, args)
        })
      }
      take(answer)
    }
    return undefined
  }
}

/** Whether a handler's answer has to be waited for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
