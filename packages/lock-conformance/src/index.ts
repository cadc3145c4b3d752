export { describeLock } from './describe-lock.ts'
export type { LockModule, LockServer, LockSubject } from './subject.ts'
