import { getPriority, setPriority } from 'node:os'

/** The original's rule: a daemon with a short interval is a little more important than the rest. */
export function defaultPriority(interval: number | null): number | undefined {
  return interval !== null && interval > 0 && interval < 5000 ? -1 : undefined
}

/**
 * Sets this process's nice value.
 *
 * @returns why it could not be set, or undefined.
 */
export function applyPriority(priority: number | undefined): string | undefined {
  if (priority === undefined || priority === getPriority()) return undefined
  try {
    setPriority(priority)
    return undefined
  } catch (thrown) {
    return `The priority could not be set to ${priority}: ${(thrown as Error).message}. The daemon runs on with ${getPriority()}; give it the privilege (CAP_SYS_NICE), or set \`priority: ${getPriority()}\`.`
  }
}
