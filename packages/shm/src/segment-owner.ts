import { type OwnPlace, readOwnPlace } from '@sd/core/own-place'
import { isAlive, isKnownDead } from '@sd/core/process-identity'

/** A process, or one of its threads, that has a segment open. */
export interface SegmentOwner {
  readonly pid: number
  /** When the process began, as its system counts it: with the pid it names one process. */
  readonly startTime: string
  /** The worker thread; 0: the main one. */
  readonly thread: number
  /** Names the boot of the machine. */
  readonly boot: string
  /** Names the namespaces in which the pid means something. */
  readonly namespaces: string
}

/** A process that has a segment open, or had it and still runs. */
export interface SegmentUser extends SegmentOwner {
  /** False: it has closed it. It may open it again, as a daemon does that restarts in place. */
  readonly isOpen: boolean
}

/** This thread. */
export function describeSelf(
  { pid, startTime, thread, boot, namespaces }: OwnPlace = readOwnPlace(),
): SegmentOwner {
  return { pid, startTime, thread, boot, namespaces }
}

/** @throws Error for what is no owner. */
export function parseOwner(bytes: Buffer): SegmentOwner {
  const found: Partial<SegmentOwner> | null = JSON.parse(bytes.toString())
  const texts = [found?.startTime, found?.boot, found?.namespaces]
  const isWhole = Number.isSafeInteger(found?.pid) && texts.every((text) => typeof text === 'string')
  if (!isWhole) throw new Error('one of its owners is none')
  return found as SegmentOwner
}

/** Whether it is another thread or process than `self`, and lives for sure. */
export function isKnownAlive(owner: SegmentOwner, self: SegmentOwner): boolean {
  const { pid, startTime, thread, boot, namespaces } = self
  if (owner.boot !== boot || boot === '' || owner.namespaces !== namespaces) return false
  if (owner.pid === pid && owner.startTime === startTime) return owner.thread !== thread
  return isAlive(owner)
}

/** Whether it is certain that the owner has ended. One in another container cannot be judged from here. */
export function isGone(owner: SegmentOwner, self: SegmentOwner): boolean {
  if (owner.boot !== self.boot) return owner.boot !== '' && self.boot !== ''
  return owner.namespaces === self.namespaces && owner.startTime !== '' && isKnownDead(owner)
}
