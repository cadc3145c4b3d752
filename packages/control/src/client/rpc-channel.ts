import { connect, type Socket } from 'node:net'
import { type Json, SdError } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'
import { LineReader } from '../json-rpc/line-reader.ts'
import type { Response, RpcErrorObject } from '../json-rpc/messages.ts'

/** Bytes of the longest line that a daemon may send. */
const LONGEST_LINE = 64 * 1024 * 1024

/** What a notification brings. */
export type NotificationHandler = (params: Readonly<Record<string, Json | undefined>>) => void

interface Pending {
  resolve(result: Json): void
  reject(error: Error): void
}

/** JSON-RPC over one socket, seen from the client. */
export class RpcChannel {
  readonly #socket: Socket
  readonly #path: string
  readonly #pending = new Map<number, Pending>()
  readonly #handlers = new Map<string, Set<NotificationHandler>>()
  readonly #lines = new LineReader(LONGEST_LINE)
  readonly closed: Promise<void>
  #lastId = 0

  constructor(socket: Socket, path: string) {
    this.#socket = socket
    this.#path = path
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (chunk) => this.#read(chunk))
    // What it means for the calls is told by `close`.
    socket.on('error', () => {})
    socket.once('close', () => this.#failAll())
  }

  /** @param signal - gives the call up; its reason is what the promise rejects with. */
  call(method: string, params: Json | undefined, signal: AbortSignal): Promise<Json> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (this.#socket.destroyed || !this.#socket.writable) return reject(this.#goneError())
      const id = ++this.#lastId
      const settle = (): void => {
        this.#pending.delete(id)
        signal.removeEventListener('abort', giveUp)
      }
      const giveUp = (): void => {
        settle()
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#pending.set(id, {
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      const request = { jsonrpc: '2.0', method, ...(params !== undefined && { params }), id }
      this.#socket.write(`${JSON.stringify(request)}\n`)
    })
  }

  on(method: string, handler: NotificationHandler): () => void {
    const handlers = this.#handlers.get(method) ?? new Set()
    this.#handlers.set(method, handlers.add(handler))
    return () => void handlers.delete(handler)
  }

  close(): Promise<void> {
    this.#socket.destroy()
    return this.closed
  }

  #read(chunk: Buffer): void {
    const lines = this.#lines.push(chunk)
    if (!lines) return void this.#socket.destroy()
    for (const line of lines) this.#take(line)
  }

  #take(line: string): void {
    let message: Partial<Response> & { method?: string; params?: Json; error?: RpcErrorObject; result?: Json }
    try {
      message = JSON.parse(line)
      if (typeof message !== 'object' || message === null) throw new TypeError('It is no message.')
    } catch {
      // Whoever writes such lines is no daemon.
      this.#socket.destroy()
      return
    }
    if (typeof message.method === 'string') return this.#notified(message.method, message.params)
    // An error without an id is about the connection, for instance that there are too many.
    if (message.error && message.id == null) return this.#failAll(rpcError(message.error))
    const pending = this.#pending.get(message.id as number)
    if (message.error) pending?.reject(rpcError(message.error))
    else pending?.resolve(message.result ?? null)
  }

  #notified(method: string, params: Json | undefined): void {
    for (const handler of this.#handlers.get(method) ?? []) {
      handler(isNamed(params) ? params : {})
    }
  }

  #failAll(error: Error = this.#goneError()): void {
    for (const { reject } of [...this.#pending.values()]) reject(error)
  }

  #goneError(): SdError {
    const message = `The connection to ${this.#path} is closed: the daemon has stopped, or is about to.`
    return new SdError('SD_CONTROL_GONE', message, { path: this.#path })
  }
}

/** Whether parameters are named: a daemon sends no others, but something else may. */
function isNamed(params: Json | undefined): params is { [key: string]: Json } {
  return typeof params === 'object' && params !== null && !Array.isArray(params)
}

/** Codes that a client finds by itself: no daemon answers with them. */
const OWN_CODES: ReadonlySet<string> = new Set([
  'SD_CONTROL_AMBIGUOUS',
  'SD_CONTROL_GONE',
  'SD_CONTROL_NOT_RUNNING',
  'SD_CONTROL_PERMISSION',
  'SD_CONTROL_PROTOCOL',
  'SD_CONTROL_TIMEOUT',
])

/** What a daemon has answered, as an error with the code and the facts of the one that it had. */
function rpcError({ code: rpcCode, message, data }: RpcErrorObject): SdError {
  // What an error is made of is not among the facts, whoever sent them.
  const { code, name: _, message: __, stack: ___, ...facts } = data ?? {}
  // A message is for people, who read it in a terminal.
  const text = escapeText(String(message), '\n\t')
  if (typeof code !== 'string') return new SdError('SD_CONTROL_RPC', text, { ...facts, rpcCode })
  // Whatever acts on such a code must be able to rely on whose it is.
  if (OWN_CODES.has(code)) return new SdError('SD_CONTROL_RPC', text, { ...facts, rpcCode, answered: code })
  return new SdError(code, text, { ...facts, rpcCode })
}

/**
 * @param path - as people know it.
 * @param at - what is connected to. @default path
 * @throws the system's error.
 */
export function openChannel(path: string, signal: AbortSignal, at: string = path): Promise<RpcChannel> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = connect(at)
    const settle = (act: () => void): void => {
      socket.off('error', fail)
      signal.removeEventListener('abort', giveUp)
      act()
    }
    const fail = (error: Error): void => settle(() => reject(error))
    const giveUp = (): void =>
      settle(() => {
        socket.on('error', () => {})
        socket.destroy()
        reject(signal.reason)
      })
    socket.once('error', fail)
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('connect', () => settle(() => resolve(new RpcChannel(socket, path))))
  })
}
