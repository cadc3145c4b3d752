import { type Json, must } from '@sd/core'
import { type ControlCaller, type ControlMethod, checkParams, invalidParams } from '../control-method.ts'
import { type KeptRecord, type LogRing, recordsAsJson } from '../log/log-ring.ts'

/** How many subscriptions one client may have. */
const MOST_SUBSCRIPTIONS = 16

/** How many records wait for the end of a turn: a daemon may log a million in one. */
const MOST_WAITING = 500

/** The method `logs`, and `unfollow`, which ends what it began. */
export function createLogs(log: LogRing): Record<'logs' | 'unfollow', ControlMethod> {
  /** Each client's subscriptions, and what ends them. */
  const subscriptions = new WeakMap<ControlCaller, Map<number, () => void>>()
  let lastId = 0

  return {
    logs(params, caller) {
      checkParams(params, { lines: must.beInteger(0, 100_000), follow: must.beBoolean })
      const records = recordsAsJson(log.last((params.lines as number | undefined) ?? 20))
      if (!params.follow) return { records }
      const own = subscriptions.get(caller) ?? new Map<number, () => void>()
      if (own.size >= MOST_SUBSCRIPTIONS) {
        throw invalidParams(
          `one client may follow the log ${MOST_SUBSCRIPTIONS} times. Call "unfollow" first.`,
        )
      }
      subscriptions.set(caller, own)
      const subscription = ++lastId
      own.set(subscription, follow(log, caller, subscription))
      return { records, subscription }
    },

    unfollow(params, caller) {
      checkParams(params, { subscription: must.beInteger(1) })
      const own = subscriptions.get(caller)
      const id = params.subscription as number
      own?.get(id)?.()
      return { ended: own?.delete(id) ?? false }
    },
  }
}

/** Sends a client the records of each turn of the event loop, and counts those that it does not take. */
function follow(log: LogRing, caller: ControlCaller, subscription: number): () => void {
  let waiting: KeptRecord[] = []
  let dropped = 0
  const send = (): void => {
    const records = waiting
    waiting = []
    if (records.length === 0 && dropped === 0) return
    const params: Record<string, Json> = { subscription, records: recordsAsJson(records) }
    if (dropped > 0) params.dropped = dropped
    if (caller.notify('logs', params)) {
      dropped = 0
      return
    }
    if (dropped === 0) void caller.whenReady().then(send)
    dropped += records.length
  }
  const end = log.follow((record) => {
    if (waiting.length === 0) setImmediate(send)
    waiting.push(record)
    if (waiting.length >= MOST_WAITING) send()
  })
  const onAbort = (): void => {
    end()
    // A daemon that stops closes the socket in the turn in which it has logged its last words.
    send()
  }
  caller.signal.addEventListener('abort', onAbort, { once: true })
  return () => {
    caller.signal.removeEventListener('abort', onAbort)
    end()
  }
}
