export { listenOnPath, listPathProblems, removeUnservedSocket, type SocketTarget } from './listen-on-path.ts'
export { startListening } from './start-listening.ts'
export { withTakeOverGuard } from './take-over-guard.ts'
