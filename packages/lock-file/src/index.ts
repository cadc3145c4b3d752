export { clearDeadLock, type DeadLock, findDeadLock } from './dead-lock.ts'
export { fileBackend } from './file-backend.ts'
export { fileLock } from './file-lock.ts'
export type { FileLockOptions } from './options.ts'
