import { isFlatError } from '@sd/process/exchange'
import type { FromTask } from './protocol.ts'

/**
 * What a task's process has sent, once it is certain that it means something: other code may have got hold of the
 * pipe.
 *
 * @returns undefined when it does not.
 */
export function readTaskMessage(given: unknown): FromTask | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const message = given as Record<string, unknown>
  return isTaskMessage(message) ? (message as unknown as FromTask) : undefined
}

function isTaskMessage(message: Record<string, unknown>): boolean {
  switch (message.type) {
    case 'taken':
    case 'returned':
      return true
    case 'started':
      return Number.isFinite(message.at)
    case 'progress':
      return 'value' in message
    case 'aborted':
      return typeof message.point === 'string'
    case 'failed':
      return isFlatError(message.error)
    case 'log':
      return (
        ['debug', 'info', 'error', 'fatal'].includes(message.level as string) &&
        typeof message.message === 'string' &&
        ['string', 'undefined'].includes(typeof message.label)
      )
    default:
      return false
  }
}
