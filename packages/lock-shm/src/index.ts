export type { ShmLockOptions } from './options.ts'
export type { SharedLocks } from './shared-lock.ts'
export { shmBackend } from './shm-backend.ts'
export { shmLock } from './shm-lock.ts'
