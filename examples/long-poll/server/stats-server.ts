import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Update } from '../api/results.ts'
import type { Ending, Ledger, RequestRecord } from './ledger.ts'
import { generateMoods, type Mood } from './moods.ts'
import { createRandom } from './random.ts'

/** How a service behaves. */
export interface StatsServerOptions {
  /** Decides all that is random. */
  seed: number
  /** @default a free one */
  port?: number
  user?: string
  password?: string
  customers?: readonly string[]
  /** Milliseconds after which a request without news is answered with 204. */
  hold?: number
  /** The most milliseconds from one update to the next. */
  pace?: number
  /** The moods to choose from. @default six times of ten it answers */
  moods?: readonly Mood[]
  /** Told of each request that has ended. */
  onRequest?: (record: RequestRecord) => void
}

/** What holds where nothing else is said; it fits settings.ini. */
const defaults = Object.freeze({
  port: 0,
  user: 'poller',
  password: 'open sesame',
  customers: Object.freeze(['Ada', 'Blaise', 'Charles']),
  hold: 250,
  pace: 800,
  onRequest: (): void => {},
})

/** A service that is asked for statistics, on this machine only. */
export interface StatsServer {
  readonly url: string
  readonly ledger: Ledger
  close(): Promise<void>
}

/**
 * Starts a web service that people buy at, and that is as unreliable as the worst of its kind:
 * `GET /stats?customers=Ada,Blaise&since=17` answers as soon as there are updates after number 17, or cuts the
 * connection, or does anything else that a {@link Mood} may be.
 */
export async function startStatsServer(options: StatsServerOptions): Promise<StatsServer> {
  const { seed, port, user, password, customers, hold, pace, moods, onRequest } = { ...defaults, ...options }
  // One for each: however the others are used, the moods and the sales of a seed are always the same.
  const [sales, nerves] = [createRandom(seed), createRandom(seed + 1)]
  const mood = generateMoods(createRandom(seed + 2), moods)
  const ledger: Ledger = { updates: [], requests: [] }
  const shop = new EventEmitter().setMaxListeners(0)
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

  function sell(): void {
    const update = { id: ledger.updates.length + 1, customer: sales.pick(customers) }
    ledger.updates.push({ ...update, orders: sales.between(1, 5), revenue: sales.between(100, 50_000) })
    shop.emit('update')
    timer = setTimeout(sell, sales.between(0, pace))
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const record: RequestRecord = { since: Number(query.get('since')) }
    ledger.requests.push(record)
    const end = (ending: Ending): void => {
      if (record.ending) return
      record.ending = ending
      onRequest(record)
    }
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort()
      end('abandoned')
    })

    const send = (ending: Ending, status: number, body = ''): void => {
      // Noted when the last byte has been sent: what the client has closed before is abandoned.
      response.once('finish', () => end(ending))
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
    const cutOff = (): void => {
      end('connection')
      request.socket.resetAndDestroy()
    }

    if (request.headers.authorization !== authorization) return send('unauthorized', 401)
    const what = mood.next().value
    if (what === 'silent') return gone.signal.addEventListener('abort', () => end('silent'))
    const wanted = query.get('customers')?.split(',') ?? []
    const updates = await waitForUpdates(record.since, wanted, gone.signal)
    await sleep(nerves.between(0, 100), undefined, { signal: gone.signal })

    const cursor = updates.at(-1)?.id ?? record.since
    const body = JSON.stringify({ cursor, updates })
    if (what === 'error') return send('http', 500, 'Sorry.')
    if (what === 'malformed') return send('malformed', 200, body.slice(0, body.length / 2))
    if (what === 'reset') {
      if (nerves.between(0, 1) === 0) return cutOff()
      // In the middle of the answer.
      response.writeHead(200, { 'content-length': body.length }).write(body.slice(0, body.length / 2), cutOff)
      return
    }
    if (updates.length === 0) return send('unchanged', 204)
    record.cursor = cursor
    send('updates', 200, body)
  }

  /** Those after number `since`, as soon as there are any; none when the time is up. */
  async function waitForUpdates(
    since: number,
    wanted: readonly string[],
    gone: AbortSignal,
  ): Promise<readonly Update[]> {
    const find = (): Update[] =>
      ledger.updates.slice(since).filter(({ customer }) => wanted.includes(customer))
    const timeIsUp = AbortSignal.timeout(hold)
    while (find().length === 0 && !timeIsUp.aborted) {
      await once(shop, 'update', { signal: AbortSignal.any([gone, timeIsUp]) }).catch(() => {})
      gone.throwIfAborted()
    }
    return find()
  }

  const server = createServer((request, response) => {
    // It rejects when the client has gone, which is what the ledger says then.
    respond(request, response).catch((error: unknown) => {
      if (!response.destroyed) throw error
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  let timer = setTimeout(sell, 0)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    async close() {
      clearTimeout(timer)
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
