import type { Socket } from 'node:net'
import { type ControlCaller, type ControlMethod, type Params, readParams } from '../control-method.ts'
import { formatAnswer, formatBatch } from '../json-rpc/format-answers.ts'
import { LineReader } from '../json-rpc/line-reader.ts'
import { errorResponse, type Request, type Response } from '../json-rpc/messages.ts'
import { isRequest, readLine } from '../json-rpc/read-request.ts'
import { rpcCodes, toRpcError } from '../json-rpc/rpc-error.ts'

/** How many requests of one client may be under way; it is not read further until one is answered. */
const MOST_UNDER_WAY = 64

/** What a connection needs. */
export interface ConnectionSettings {
  readonly maxInput: number
  /** Bytes that wait for the client until it gets no more, and that the answer to one batch may have. */
  readonly maxOutput: number
  /** @throws SdError `SD_CONTROL_UNKNOWN_METHOD` */
  readonly find: (method: string) => ControlMethod
}

/** One client of the control socket. */
export class ControlConnection implements ControlCaller {
  readonly #socket: Socket
  readonly #settings: ConnectionSettings
  readonly #lines: LineReader
  readonly #gone = new AbortController()
  #waiting: string[] = []
  #underWay = 0
  #isTaking = false
  #ending = false
  readonly closed: Promise<void>

  constructor(socket: Socket, settings: ConnectionSettings) {
    this.#socket = socket
    this.#settings = settings
    this.#lines = new LineReader(settings.maxInput)
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('drain', () => this.#goOn())
    // A client that breaks off is no news.
    socket.on('error', () => {})
    socket.once('end', () => this.#onEnd())
    socket.once('close', () => this.#gone.abort())
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  notify(method: string, params: Params): boolean {
    if (!this.#hasRoom) return false
    this.#write(JSON.stringify({ jsonrpc: '2.0', method, params }))
    return true
  }

  whenReady(): Promise<void> {
    if (this.signal.aborted || !this.#socket.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }

  /** Tells the client why, and hangs up. */
  refuse(response: Response): void {
    this.#ending = true
    this.#socket.write(`${JSON.stringify(response)}\n`)
    this.#socket.destroySoon()
  }

  /** Answers what is under way, and lets the client read it, but not for longer than until `limit`. */
  async close(limit: Promise<unknown>): Promise<void> {
    this.#ending = true
    this.#waiting = []
    this.#gone.abort()
    this.#endIfDone()
    await Promise.race([this.closed, limit])
    this.#socket.destroy()
    await this.closed
  }

  get #hasRoom(): boolean {
    return this.#socket.writable && !this.#socket.writableNeedDrain
  }

  #goOn(): void {
    void this.#takeLines()
  }

  #read(chunk: Buffer): void {
    if (this.#ending) return
    const lines = this.#lines.push(chunk)
    if (!lines) {
      const message = `Invalid request: a line may have ${this.#settings.maxInput} bytes.`
      this.refuse(errorResponse(null, { code: rpcCodes.invalidRequest, message }))
      return
    }
    this.#waiting.push(...lines)
    this.#goOn()
  }

  /**
   * The client writes no more. It may still read what it has asked for, or be gone: the system does not tell, so
   * what takes long is told to give up.
   */
  #onEnd(): void {
    this.#ending = true
    this.#gone.abort()
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#ending && this.#underWay === 0 && this.#waiting.length === 0) this.#socket.end()
  }

  /** Takes lines as long as the client takes answers. */
  async #takeLines(): Promise<void> {
    if (this.#isTaking) return
    this.#isTaking = true
    while (this.#waiting.length > 0 && this.#underWay < MOST_UNDER_WAY && this.#hasRoom) {
      const line = this.#waiting.shift()!
      if (line.trim() === '') continue
      if (this.#waiting.length > 0) this.#socket.pause()
      // What is answered at once takes its room before the next line is taken; what takes its time holds up nobody.
      await Promise.race([this.#answer(line), nextTurn()])
    }
    this.#isTaking = false
    if (this.#waiting.length > 0) this.#socket.pause()
    else this.#socket.resume()
    this.#endIfDone()
  }

  async #answer(line: string): Promise<void> {
    this.#underWay++
    const { isBatch, items } = readLine(line)
    const answers = await Promise.all(items.map((item) => (isRequest(item) ? this.#run(item) : item)))
    const responses = answers.filter((answer) => answer !== undefined)
    if (responses.length > 0) {
      this.#write(isBatch ? formatBatch(responses, this.#settings.maxOutput) : formatAnswer(responses[0]!))
    }
    this.#underWay--
    this.#goOn()
    this.#endIfDone()
  }

  /** @returns undefined for a notification, which has no answer. */
  async #run({ id, method, params }: Request): Promise<Response | undefined> {
    let response: Response
    try {
      const result = (await this.#settings.find(method)(readParams(params), this)) ?? null
      response = { jsonrpc: '2.0', result, id: id ?? null }
    } catch (thrown) {
      response = errorResponse(id ?? null, toRpcError(thrown))
    }
    return id === undefined ? undefined : response
  }

  #write(text: string): void {
    if (this.#socket.writable) this.#socket.write(`${text}\n`)
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
