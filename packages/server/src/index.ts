export type { Client, DisconnectReason } from './client/client.ts'
export type { CommandOptions } from './command-list.ts'
export type { Framing, FramingFactory } from './framing/framing.ts'
export type { LengthWidth } from './framing/length-framing.ts'
export type {
  Answer,
  CommandHandler,
  ConnectHandler,
  DisconnectHandler,
  ErrorHandler,
  MessageHandler,
} from './handlers.ts'
export type { DescriptorTarget, ListenTarget, PathTarget, PortTarget } from './listen/listen-target.ts'
export { type ServerOptions, serverDefaults } from './options.ts'
export { server } from './server.ts'
export type { ServerService, ServerStatistics } from './server-service.ts'
