import { isFlatError } from '@sd/process/exchange'
import { ABORTED, FAILED, type FromWorker, LOG, MEMORY, RETURNED, STARTED, WITHDRAWN } from './protocol.ts'

/**
 * What a worker has sent, once it is certain that it means something: other code may have got hold of the pipe.
 *
 * @returns undefined when it does not.
 */
export function readWorkerMessage(given: unknown): FromWorker | undefined {
  return Array.isArray(given) && isWorkerMessage(given) ? (given as unknown as FromWorker) : undefined
}

function isWorkerMessage(given: readonly unknown[]): boolean {
  switch (given[0]) {
    case RETURNED:
      return areNumbers(given[1], given[2], given[3])
    case FAILED:
      return areNumbers(given[1], given[2], given[3]) && isFlatError(given[4])
    case ABORTED:
      return areNumbers(given[1], given[2], given[3]) && isText(given[4])
    case STARTED:
      return areNumbers(given[1], given[2], 0)
    case WITHDRAWN:
      return Array.isArray(given[1]) && given[1].every((id) => Number.isFinite(id))
    case LOG:
      return isLogLevel(given[1]) && isText(given[2]) && (given[3] === null || isText(given[3]))
    case MEMORY:
      return areNumbers(given[1], 0, 0)
    default:
      return false
  }
}

function areNumbers(first: unknown, second: unknown, third: unknown): boolean {
  return Number.isFinite(first) && Number.isFinite(second) && Number.isFinite(third)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isLogLevel(value: unknown): boolean {
  return value === 'debug' || value === 'info' || value === 'error' || value === 'fatal'
}
