import type { Socket } from 'node:net'
import { type Clock, toError } from '@sd/core'
import { Client, type Response, Server, Utils } from 'memjs'
import { connectionError } from './connection-error.ts'
import { CAS_OFFSET, type MemcacheRequest, RESPONSE_MAGIC } from './protocol.ts'
import type { ServerAddress } from './server-address.ts'

/** What memcached answered. */
export interface MemcacheAnswer {
  readonly status: number
  /** The number of the item as it is now; it changes whenever the item does. */
  readonly cas: Buffer
  readonly value: Buffer
}

/**
 * memjs gives up on nothing by itself: its timers are per socket, stop when a socket is closed, and its retries
 * repeat what may have been done. Seconds.
 */
const NEVER = 86_400

/**
 * More than any answer that a lock asks for: a record, a counter, statistics. memjs copies all that it has with each piece that
 * arrives, so an answer without an end would keep the event loop busy. Bytes.
 */
const LONGEST_ANSWER = 256 * 1024

/**
 * One connection to one server, which ends for good with the first thing that goes wrong: a request without an answer
 * in time, a connection that is closed, an answer to something else. A memjs client that goes on after that may
 * take the rest of an old answer for the beginning of a new one.
 *
 * Every request settles: memjs forgets those that are under way when the server closes the connection.
 */
export class Connection {
  readonly #name: string
  readonly #clock: Clock
  readonly #server: Server
  readonly #client: Client
  readonly #onEnd: () => void
  readonly #pending = new Set<(error: Error) => void>()
  #socket: Socket | undefined
  /** Of the answer that is waited for. Bytes. */
  #received = 0
  #error: Error | undefined

  /** @param onEnd - told when the connection, once made, ends; not by {@link close}. */
  constructor({ name, host, port }: ServerAddress, clock: Clock, onEnd: () => void) {
    this.#name = name
    this.#clock = clock
    this.#onEnd = onEnd
    this.#server = new Server(host, port, undefined, undefined, { timeout: NEVER })
    // `retries` counts the first try.
    this.#client = new Client([this.#server], { retries: 1, logger: { log: () => {} } })
  }

  get hasEnded(): boolean {
    return this.#error !== undefined
  }

  /** @throws SdError `SD_LOCK_MEMCACHE_CONNECTION`, and the connection has ended. */
  async request(request: MemcacheRequest, until: number): Promise<MemcacheAnswer> {
    const { header, val } = await this.#settle<Response>(until, (resolve, reject) => {
      this.#client.incrSeq()
      const { seq } = this.#client
      this.#client.perform(request.key, encode(request, seq), seq, (error, response) =>
        error ? reject(error) : resolve(response),
      )
    })
    if (header.magic !== RESPONSE_MAGIC || header.opcode !== request.opcode) {
      const error = connectionError(this.#name, 'does not speak its binary protocol')
      this.#end(error)
      throw error
    }
    return { status: header.status, cas: header.cas, value: val }
  }

  /** Seconds that the server runs, as it says. @throws as {@link request}. */
  async readUptime(until: number): Promise<number> {
    const stats = await this.#settle<Record<string, string>>(until, (resolve, reject) =>
      this.#client.stats((error, _name, found) => (error ? reject(error) : resolve(found ?? {}))),
    )
    return Number(stats.uptime)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    const closed = new Promise((resolve) => socket?.once('close', resolve))
    const wasOpen = socket !== undefined && !socket.destroyed
    this.#fail(connectionError(this.#name, 'is not asked any longer'))
    if (wasOpen) await closed
  }

  /**
   * Makes the connection; once, and first.
   *
   * @param until - when to give up, monotonic.
   * @throws SdError `SD_LOCK_MEMCACHE_CONNECTION`, and the connection has ended.
   */
  async open(until: number): Promise<void> {
    const socket = await this.#settle<Socket>(until, (resolve, reject) => {
      // memjs counts requests from 1.
      this.#server.onError(0, reject)
      this.#server.sock(false, resolve)
    })
    this.#socket = socket
    socket.setNoDelay(true)
    // What is waited for has a timer that keeps the process running.
    socket.unref()
    socket.on('data', ({ length }: Buffer) => {
      this.#received += length
      if (this.#received > LONGEST_ANSWER)
        this.#end(connectionError(this.#name, `answers with more than ${LONGEST_ANSWER} bytes`))
    })
    socket.once('close', () => this.#end(connectionError(this.#name, 'closed the connection')))
  }

  #settle<Result>(
    until: number,
    begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => void,
  ): Promise<Result> {
    if (this.#error) return Promise.reject(this.#error)
    const limit = until - this.#clock.now()
    // A server that answers at once, and always so that it must be asked again, must not have it go on beyond its time.
    if (limit <= 0) return Promise.reject(connectionError(this.#name, 'did not answer in time'))
    this.#received = 0
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        timer.cancel()
        this.#pending.delete(fail)
        act()
      }
      const fail = (error: Error): void => finish(() => reject(error))
      const giveUp = (): void => {
        if (this.#pending.has(fail)) this.#end(connectionError(this.#name, 'did not answer in time'))
      }
      // After a busy loop timers come first, and the answer, which has been there for long, only then.
      const timer = this.#clock.after(limit, () => setImmediate(giveUp))
      this.#pending.add(fail)
      begin(
        (result) => finish(() => resolve(result)),
        (thrown) => {
          const cause = toError(thrown)
          this.#end(connectionError(this.#name, `cannot be reached (${cause.message})`, cause))
        },
      )
    })
  }

  #end(error: Error): void {
    if (this.#error) return
    this.#fail(error)
    if (this.#socket) this.#onEnd()
  }

  #fail(error: Error): void {
    if (this.#error) return
    this.#error = error
    for (const fail of [...this.#pending]) fail(error)
    // Destroys the socket, also one that is still connecting.
    this.#server.error(error)
  }
}

function encode(
  { opcode, key, extras = Buffer.alloc(0), value = '', cas }: MemcacheRequest,
  seq: number,
): Buffer {
  const request = Utils.makeRequestBuffer(opcode, key, extras, value, seq)
  cas?.copy(request, CAS_OFFSET)
  return request
}
