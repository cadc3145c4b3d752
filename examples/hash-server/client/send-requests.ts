import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Request } from './requests.ts'

/** How a run went. */
export interface Outcome {
  /** Requests that were answered. */
  readonly answered: number
  /** What was wrong, a line for each. */
  readonly problems: readonly string[]
  /** Milliseconds from the first request to the last answer. */
  readonly duration: number
}

/**
 * Sends the requests over several connections and compares every answer.
 *
 * @param ahead - requests that a connection sends before it waits for an answer.
 */
export async function sendRequests(
  port: number,
  requests: readonly Request[],
  connections: number,
  ahead: number,
): Promise<Outcome> {
  const problems: string[] = []
  const begin = performance.now()
  const shares = Array.from({ length: connections }, (_, index) =>
    requests.filter((__, number) => number % connections === index),
  )
  const counts = await Promise.all(shares.map((share) => talk(port, share, ahead, problems)))
  const answered = counts.reduce((sum, count) => sum + count, 0)
  return { answered, problems, duration: performance.now() - begin }
}

/** One connection. @returns how many of its requests were answered. */
async function talk(
  port: number,
  requests: readonly Request[],
  ahead: number,
  problems: string[],
): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  let sent = 0
  let answered = 0
  const send = (count: number): void => {
    const lines = requests.slice(sent, sent + count).map(({ line }) => `${line}\n`)
    sent += lines.length
    socket.write(lines.join(''))
  }
  socket.on('error', ({ message }) => problems.push(message))
  const closed = once(socket, 'close').catch(() => {})
  createInterface({ input: socket }).on('line', (answer) => {
    const request = requests[answered++]
    if (answer !== request?.answer)
      problems.push(`${request?.line}: ${answer} in place of ${request?.answer}`)
    if (answered === requests.length) socket.end()
    else if (sent < requests.length) send(1)
  })
  send(ahead)
  await closed
  return answered
}
