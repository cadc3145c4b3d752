import { defineWorker } from '@sd/workers/define'
import { ApiError } from './api-error.ts'
import { readApiSettings } from './api-settings.ts'
import { readAnswer } from './read-answer.ts'
import type { Answer, Results } from './results.ts'

/**
 * The service, as a worker: a poll takes as long as it takes, in a process of its own. That process imports this
 * file, and never the daemon's.
 */
export const api = defineWorker(import.meta.url, {
  /**
   * Asks for what is newer than the results so far. The service answers when there is something.
   *
   * @throws ApiError, which says what went wrong.
   */
  async poll(results: Results): Promise<Answer> {
    // The daemon's settings, credentials included. They are the current ones in every poll.
    const { url, user, password, customers, patience } = readApiSettings(this.daemon('ini'))
    const address = new URL('/stats', url)
    address.searchParams.set('customers', customers.join())
    address.searchParams.set('since', String(results.cursor))
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

    const outOfPatience = AbortSignal.timeout(patience)
    // `this.signal` is aborted when the daemon cancels the call.
    const signal = AbortSignal.any([this.signal, outOfPatience])
    let response: Response
    let body: string
    try {
      response = await fetch(address, { headers: { authorization }, signal })
      body = await response.text()
    } catch (cause) {
      if (outOfPatience.aborted) throw new ApiError('timeout', `No answer within ${patience} ms`, { cause })
      throw new ApiError('connection', `The connection failed: ${findReason(cause)}`, { cause })
    }

    if (response.status === 401) {
      const message = `The service refuses the user "${user}" (401). Set user and password in section [api] of settings.ini.`
      throw new ApiError('unauthorized', message)
    }
    if (!response.ok) throw new ApiError('http', `The service answers ${response.status}`)
    if (response.status === 204) return { cursor: results.cursor, updates: [] }
    return readAnswer(body)
  },
})

/** `fetch` itself only says that it failed; its cause knows why. */
function findReason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message : message
}
