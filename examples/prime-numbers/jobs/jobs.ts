import { definePlugin, type Plugin, type PluginHost, toError } from '@sd/core'
import type { AnyCall } from '@sd/workers'
import { type JobDatabase, openJobDatabase } from './job-database.ts'

/** `daemon.jobs`. */
export interface Jobs {
  /** Records a call now, and again when it has settled, however that is. */
  add(call: AnyCall): void
}

/**
 * The plugin that records calls in a SQLite database: an example of how a plugin is written. Its factory does
 * nothing yet; what must be opened is opened in `setup` and closed in `teardown`.
 *
 * @param options - `file` is a function because the settings that it may come from are read when the daemon
 * starts.
 */
export function jobs(options: { file: () => string }): Plugin<'jobs', Jobs> {
  return definePlugin('jobs', (host) => {
    let database: JobDatabase | undefined
    return {
      service: { add: (call) => database && record(host, database, call) },
      setup() {
        database = openJobDatabase(options.file())
      },
      teardown: () => database?.close(),
      // Shown on SIGUSR1.
      inspect: () => ({ recorded: database?.countByState() ?? {} }),
    }
  })
}

function record(host: PluginHost, database: JobDatabase, call: AnyCall): void {
  // Calls count monotonic time; people read the time of day. One offset for the whole call keeps its order.
  const offset = host.clock.date().getTime() - host.clock.now()
  const dayTime = (time = host.clock.now()): number => offset + time

  const id = database.insert({
    daemon: process.pid,
    call: call.id,
    worker: call.pool,
    method: call.method,
    arguments: JSON.stringify(call.args),
    calledAt: dayTime(call.times.called),
  })

  const onSettled = (): void => {
    // The call has been waited for here, so it is here that its failure is told.
    if (call.status === 'cancelled')
      host.log(`#${call.id} ${call.method} was cancelled: ${call.error?.message}`)
    else if (call.error) host.error(call.error)
    database.end({
      id,
      state: call.status,
      retries: call.retries,
      pid: call.pid ?? null,
      startedAt: call.times.running === undefined ? null : dayTime(call.times.running),
      endedAt: dayTime(call.times[call.status]),
      result: call.result === undefined ? null : JSON.stringify(call.result),
      error: call.error?.message ?? null,
    })
  }
  call.then(onSettled, onSettled).catch((error) => host.error(toError(error)))
}
