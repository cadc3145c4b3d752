import type { Socket } from 'node:net'

/**
 * Why a client is gone. `client`: it closed the connection, or it broke; `server`: `end` or `destroy` was called;
 * `idle`: it sent no complete message for `idleTimeout`; `input`: what it sent was wrong, or longer than `maxInput`;
 * `output`: more than `maxOutput` waited for it; `stalled`: it took nothing for `writeTimeout`; `error`: a handler
 * failed; `shutdown`: the daemon stops.
 */
export type DisconnectReason =
  | 'client'
  | 'server'
  | 'idle'
  | 'input'
  | 'output'
  | 'stalled'
  | 'error'
  | 'shutdown'

/** A connection, as handlers see it. */
export interface Client<Data = Record<string, unknown>> {
  /** Counts from 1 within a server. */
  readonly id: number
  /** The other side's IP address; undefined on a unix socket. */
  readonly remoteAddress: string | undefined
  /** The other side's port; undefined on a unix socket. */
  readonly remotePort: number | undefined
  /** Yours: what the option `data` made for this client. */
  data: Data
  /** The connection itself, for what is not here: a TLS certificate. Do not read from it or write to it. */
  readonly socket: Socket
  /** Whether it is gone. */
  readonly closed: boolean
  /** Aborted when it is gone: hand it to work that is only for this client. */
  readonly signal: AbortSignal
  /**
   * Writes bytes as they are (text as UTF-8).
   *
   * @returns resolves to true when there is room for more: at once, or when the client has read. To false when it
   * is gone. Never rejects. Who writes much must await it: a client for whom more than `maxOutput` bytes wait is
   * disconnected.
   */
  write(data: string | Uint8Array): Promise<boolean>
  /** As {@link write}, for one message in the server's framing: with the delimiter, or its length, added. */
  send(message: string | Uint8Array): Promise<boolean>
  /** Runs no more of its messages, sends what the running ones answer and a last `message`, and closes. */
  end(message?: string | Uint8Array): void
  /** Closes now; what was not sent is lost. */
  destroy(): void
}
