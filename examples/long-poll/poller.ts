import { join } from 'node:path'
import { Daemon, type StopReason } from '@sd/core'
import { ini } from '@sd/ini'
import { workers } from '@sd/workers'
import { api } from './api/api.ts'
import type { ApiError } from './api/api-error.ts'
import { readApiSettings } from './api/api-settings.ts'
import { type Answer, mergeAnswer, noResults, type Results } from './api/results.ts'
import { loadResults, saveResults } from './results-file.ts'

/** Where log and results go, and times in milliseconds: the demo is in more of a hurry than real life. */
const { POLLER_DIR = import.meta.dirname, POLLER_INTERVAL = '3000', POLLER_TIMEOUT = '60000' } = process.env
const resultsFile = join(POLLER_DIR, 'results.json')

/** Always has one poll under way: the service answers when it has news, and is asked for the next at once. */
export default class Poller extends Daemon {
  override interval = Number(POLLER_INTERVAL)

  settings = this.plugin(ini({ file: new URL('./settings.ini', import.meta.url), requiredSections: ['api'] }))

  workers = this.plugin(
    workers({
      api: {
        worker: api,
        // The last resort: a poll gives up by itself before. A process that is stuck is replaced.
        timeout: Number(POLLER_TIMEOUT),
        onReturn: (call, log) => this.#onAnswer(call.result!, log),
        onTimeout: (_call, log) => log('The worker is stuck: its process was replaced'),
      },
    }),
  )

  /** All that the service has told. It survives a restart. */
  results: Results = noResults
  /** How many polls have ended in each way. */
  polls: Record<string, number> = {}
  #poll: { cancel(): void } | undefined

  override logFile() {
    return join(POLLER_DIR, 'logs', `${new Date().toISOString().slice(0, 10)}.log`)
  }

  override async setup() {
    // Wrong settings end the start, with a message that names them, instead of every single poll.
    readApiSettings(this.settings)
    const saved = await loadResults(resultsFile)
    this.results = saved.results
    this.polls = { ...saved.polls }
    // The service may not answer for a long time: do not wait for it when the daemon is to stop.
    this.on('shutdown', () => this.#poll?.cancel())
  }

  override execute() {
    if (!this.workers.pool('api').isIdle()) return
    const call = this.workers.api.poll(this.results)
    this.#poll = call
    // Not awaited: the loop goes on. `onReturn` has the answer; what can go wrong is handled here.
    call.catch((error) => this.#onFailure(error))
  }

  override async teardown(reason: StopReason) {
    // What could not be loaded must not be overwritten.
    if (reason === 'failed-start') return
    await saveResults(resultsFile, { results: this.results, polls: this.polls })
  }

  #onAnswer(answer: Answer, log: (message: string) => void): void {
    this.#count(answer.updates.length > 0 ? 'updates' : 'unchanged')
    this.results = mergeAnswer(this.results, answer)
    const news = answer.updates.map(({ customer, revenue }) => `${customer} +${(revenue / 100).toFixed(2)}`)
    log(news.length > 0 ? `Up to update ${answer.cursor}: ${news.join(', ')}` : 'Nothing new')
    // Ask for the next at once. After a failure it is the interval that keeps us from hammering at the service.
    this.wake()
  }

  #onFailure(error: Partial<ApiError> & { readonly message: string; readonly code?: string }): void {
    this.#count(error.failure ?? error.code ?? 'unknown')
    if (error.failure === 'unauthorized') return this.fatalError(error.message)
    if (error.failure) return this.log(`${error.message}. Next try within ${this.interval} ms`)
    // The daemon itself has cancelled it, to stop.
    if (error.code !== 'SD_WORKERS_CANCELLED') this.error(error as Error)
  }

  #count(outcome: string): void {
    this.polls[outcome] = (this.polls[outcome] ?? 0) + 1
  }
}

await new Poller().run()
