export { memcacheBackend } from './memcache-backend.ts'
export { memcacheLock } from './memcache-lock.ts'
export type { MemcacheLockOptions, MemcachePlace } from './options.ts'
