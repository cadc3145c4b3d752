import type { Client } from './client/client.ts'
import type { CommandOptions } from './command-list.ts'
import type {
  CommandHandler,
  ConnectHandler,
  DisconnectHandler,
  ErrorHandler,
  MessageHandler,
} from './handlers.ts'

/** What a server has counted since the daemon's start. */
export interface ServerStatistics {
  /** Clients that are connected. */
  readonly clients: number
  /** Clients that ever were. */
  readonly accepted: number
  /** Connections that were closed at once, because there were `maxClients`. */
  readonly refused: number
  /** Messages that were taken. */
  readonly messages: number
  /** Handlers that failed. */
  readonly failures: number
  /** Bytes that came from clients. */
  readonly bytesRead: number
  /** Bytes that were sent to clients, or wait to be. */
  readonly bytesWritten: number
}

/** `daemon.server`. */
export interface ServerService<Data = Record<string, unknown>> {
  /** Where it listens: `127.0.0.1:7000`, or a path; undefined before the start. */
  readonly address: string | undefined
  /** The TCP port, also where 0 was asked for. */
  readonly port: number | undefined
  /** The clients that are connected, as they come and go. */
  readonly clients: ReadonlySet<Client<Data>>
  /**
   * Adds a command: `handler` is called with each message whose text matches. Commands are tried in the order in
   * which they were added; all that match run, one after the other, unless one is `exclusive`.
   *
   * @param pattern - matched against the message as UTF-8 text. Anchor it: `/^get (\w+)$/`.
   * @param handler - what it returns, or its promise resolves to, is sent if it is a string or bytes.
   * @returns removes the command.
   * @throws SdError `SD_SERVER_COMMAND` when an argument is wrong.
   */
  command(pattern: RegExp, handler: CommandHandler<Data>, options?: CommandOptions): () => void
  /** Adds a handler for clients that have connected. @returns removes it. */
  onConnect(handler: ConnectHandler<Data>): () => void
  /** Adds a handler for clients that are gone. @returns removes it. */
  onDisconnect(handler: DisconnectHandler<Data>): () => void
  /** Adds a handler for handlers that fail and input that is wrong. @returns removes it. */
  onError(handler: ErrorHandler<Data>): () => void
  /** Adds a handler for messages that no command matches. @returns removes it. */
  onMessage(handler: MessageHandler<Data>): () => void
  /**
   * Sends a message to all clients, waiting for none: one that does not read is disconnected once more than
   * `maxOutput` bytes wait for it.
   *
   * @param when - which clients. @default all
   * @returns how many they were.
   */
  broadcast(message: string | Uint8Array, when?: (client: Client<Data>) => boolean): number
  /** What it has counted. */
  stats(): ServerStatistics
}
