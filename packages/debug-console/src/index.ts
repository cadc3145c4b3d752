export { attachConsole, type ConsoleEnd, type ConsoleStreams } from './console/attach-console.ts'
export { requestConsole } from './console/request-console.ts'
export { type DebugConsoleService, debugConsole } from './debug-console.ts'
export type { DebugConsoleOptions } from './options.ts'
