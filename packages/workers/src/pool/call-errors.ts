import { SdError, suggestName } from '@sd/core'
import { addCaller, blameCaller, describeDeath } from '@sd/process/exchange'
import type { CallRecord } from '../call/call-record.ts'
import type { Outcome } from '../engine/engine.ts'

/** The error of a call that ran too long. */
export function timeoutError(call: CallRecord, timeout: number, workerStack: string | undefined): SdError {
  const stuck = workerStack ? ` It was stuck here:\n${workerStack}` : ''
  const message = `${call.pool}.${call.method}() took longer than ${timeout} ms and was ended. Raise the pool's timeout, or make the method faster.${stuck}`
  return new SdError('SD_WORKERS_TIMEOUT', message, {
    ...facts(call),
    timeout,
    ...(workerStack && { workerStack }),
  })
}

/** The error of a call whose process died. */
export function diedError(call: CallRecord, outcome: Outcome & { type: 'died' }): SdError {
  const { type, ...death } = outcome
  const message = `The process that ran ${call.pool}.${call.method}() ${describeDeath(death)}`
  return new SdError('SD_WORKERS_DIED', message, { ...facts(call), ...death })
}

/**
 * The error of a call that was cancelled.
 *
 * @param point - where a debugger has aborted it.
 */
export function cancelledError(call: CallRecord, point?: string): SdError {
  const where = point === undefined ? '' : ` in the debugger, at the point ${point}`
  const message = `${call.pool}.${call.method}() was cancelled${where}.`
  return new SdError('SD_WORKERS_CANCELLED', message, {
    ...facts(call),
    ...(point !== undefined && { point }),
  })
}

/** The error of a call for which there is no room. */
export function queueFullError(call: CallRecord, maxQueue: number): SdError {
  const message = `${call.pool}.${call.method}() was refused: ${maxQueue} calls wait already. Call less, raise "size" or "maxQueue".`
  return new SdError('SD_WORKERS_QUEUE_FULL', message, { ...facts(call), maxQueue })
}

/** The error of a call that is made where no process can run it. @param inChild - in a worker or task. */
export function unservedError(call: CallRecord, inChild: boolean): SdError {
  const what = `${call.pool}.${call.method}() was called`
  if (!inChild) {
    const message = `${what} before run(): nothing would run it. Call it in setup() or execute(), or after run().`
    return new SdError('SD_WORKERS_NOT_RUNNING', message, facts(call))
  }
  const message = `${what} in a worker or task, where the daemon does not run. Return to the daemon what the call needs and make it there, or run the method in this process with workers.pool('${call.pool}').inline.`
  return new SdError('SD_WORKERS_IN_CHILD', message, facts(call))
}

/** The error of a call of a method that the worker does not have. */
export function unknownMethodError(call: CallRecord, known: readonly string[]): SdError {
  const suggestion = suggestName(call.method, known)
  const list = suggestion.includes('Known:') ? suggestion : `${suggestion} Known: ${known.join(', ')}.`
  const message = `The worker "${call.pool}" has no method "${call.method}".${list}`
  return new SdError('SD_WORKERS_UNKNOWN_METHOD', message, { ...facts(call), known })
}

/** Gives an error of the pool's own the stack of whoever made the call. */
export function blameCallerOf(call: CallRecord, error: Error): Error {
  return blameCaller(error, callerOf(call))
}

/** Puts the place in the daemon where the call was made under the worker's stack. */
export function addCallerOf(call: CallRecord, error: Error): Error {
  return addCaller(error, callerOf(call))
}

function callerOf(call: CallRecord): string {
  if (!call.origin) return '    (where is not recorded when there are hundreds of calls a second)'
  return call.origin.stack?.split('\n').slice(1).join('\n') ?? ''
}

function facts(call: CallRecord): Record<string, unknown> {
  return {
    pool: call.pool,
    method: call.method,
    callId: call.id,
    retries: call.retries,
    ...(call.pid !== undefined && { pid: call.pid }),
  }
}
