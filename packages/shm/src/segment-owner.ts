import { type OwnPlace, readOwnPlace } from '@sd/core/own-place'
import { isKnownDead } from '@sd/core/process-identity'

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

/** Whether it is certain that the owner has ended. One in another container cannot be judged from here. */
export function isGone(owner: SegmentOwner, self: SegmentOwner): boolean {
  if (owner.boot !== self.boot) return owner.boot !== '' && self.boot !== ''
  return owner.namespaces === self.namespaces && owner.startTime !== '' && isKnownDead(owner)
}
