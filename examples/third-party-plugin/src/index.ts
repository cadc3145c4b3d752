export { type HeartbeatService, heartbeat } from './heartbeat.ts'
export { type Heartbeat, readHeartbeat } from './heartbeat-file.ts'
export { type HeartbeatOptions, heartbeatDefaults } from './options.ts'
