import type { OwnPlace } from '@sd/core/own-place'
import { heldLeases } from './held-leases.ts'
import type { LockHolder } from './holder.ts'

/**
 * How long a lease is kept for the next program of a process that replaces itself in place: for what it takes until that
 * program can renew it. Milliseconds.
 */
export const RESTART_ALLOWANCE = 60_000

/**
 * Whether processes can be told apart well enough for a next program to know the lease as its own. Pid and start time
 * stay the same over an `execve`.
 */
export function canHandOver({ startTime, boot }: Pick<LockHolder, 'startTime' | 'boot'>): boolean {
  return startTime !== '' && boot !== ''
}

/** Whether a lease was handed over to this thread, by the program that its process was before an `execve`. */
export function isHandedOver(holder: LockHolder, self: OwnPlace): boolean {
  return holder.restarting === true && canHandOver(holder) && isSameThread(holder, self) && isUnknown(holder)
}

/** Whether it is a lease of an earlier program of this very thread, which it does not have. */
export function isOfEarlierProgram(holder: LockHolder, self: OwnPlace): boolean {
  return isSameThread(holder, self) && isUnknown(holder)
}

function isSameThread(holder: LockHolder, self: OwnPlace): boolean {
  const fields = ['pid', 'startTime', 'thread', 'host', 'boot', 'namespaces'] as const
  return fields.every((field) => holder[field] === self[field])
}

function isUnknown({ id }: LockHolder): boolean {
  return !heldLeases().has(id)
}
