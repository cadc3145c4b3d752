import type { LockAttempt, LockBackend } from '../src/index.ts'

/** A backend that answers what the test says, and counts what it was asked. */
export class FakeBackend implements LockBackend {
  traits: LockBackend['traits'] = { provesDeath: true, ttlStep: 1, leastTtl: 1, durable: true }
  readonly place = 'a fake place'
  /** Each is the answer to all further questions until another is set. */
  onAcquire: () => Promise<LockAttempt> = async () => ({ token: 7 })
  onRenew: () => Promise<boolean> = async () => true
  onCheck: () => Promise<boolean> = async () => true
  onRelease: () => Promise<void> = async () => {}
  onChange: (() => void) | undefined
  readonly asked: string[] = []

  acquire(): Promise<LockAttempt> {
    this.asked.push('acquire')
    return this.onAcquire()
  }

  renew(): Promise<boolean> {
    this.asked.push('renew')
    return this.onRenew()
  }

  check(): Promise<boolean> {
    this.asked.push('check')
    return this.onCheck()
  }

  release(): Promise<void> {
    this.asked.push('release')
    return this.onRelease()
  }

  watch(onChange: () => void): () => void {
    this.onChange = onChange
    return () => {
      this.onChange = undefined
    }
  }

  close(): void {
    this.asked.push('close')
  }

  count(operation: string): number {
    return this.asked.filter((name) => name === operation).length
  }
}
