export type { Introduction } from '../protocol.ts'
export {
  type CallOptions,
  type ConnectOptions,
  type ControlClient,
  connectControl,
} from './connect-control.ts'
export { type HeldSocket, holdSocket } from './held-socket.ts'
export { type ListedDaemon, type ListOptions, listDaemons } from './list-daemons.ts'
export type { NotificationHandler } from './rpc-channel.ts'
