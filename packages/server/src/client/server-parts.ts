import type { Clock } from '@sd/core'
import type { CommandList } from '../command-list.ts'
import type { Framing } from '../framing/framing.ts'
import type { HandlerList } from '../handlers.ts'
import type { ResolvedServerOptions } from '../options.ts'
import type { Client, DisconnectReason } from './client.ts'
import type { FlushQueue } from './flush-queue.ts'

/** What a server's clients have in common. */
export interface ServerParts<Data> {
  readonly clock: Clock
  readonly options: ResolvedServerOptions<Data>
  readonly commands: CommandList<Data>
  readonly connect: HandlerList<[Client<Data>]>
  readonly disconnect: HandlerList<[Client<Data>, DisconnectReason]>
  readonly failure: HandlerList<[Error, Client<Data>]>
  readonly message: HandlerList<[Client<Data>, Buffer]>
  readonly flushes: FlushQueue
  createFraming(): Framing
  /** A message was taken. */
  onMessage(): void
  /** A handler failed. */
  onFailure(error: Error): void
  /** A client was or will be closed for a fault of its own. */
  onFault(reason: DisconnectReason, message: string): void
  /** A handler was told of the end of a client, which may take its time. */
  onDisconnecting(work: Promise<unknown>): void
}
