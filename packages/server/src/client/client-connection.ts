import type { Socket } from 'node:net'
import { type Timer, toError } from '@sd/core'
import type { CommandRun } from '../command-list.ts'
import type { Framing } from '../framing/framing.ts'
import { isThenable } from '../handlers.ts'
import { AnswerOrder, type Turn } from './answer-order.ts'
import type { Client, DisconnectReason } from './client.ts'
import { Outbox } from './outbox.ts'
import type { ServerParts } from './server-parts.ts'

/**
 * How long a connection that is closed from here waits for the other side's end. Closed earlier, with input
 * unread, the system would reset it, and what was sent last might never be read. Milliseconds.
 */
const LINGER = 1000

/** How long the first request of a new connection is waited for, where the server is about to close. Milliseconds. */
const FIRST_REQUEST = 100

/** Messages of one client that are run without a look at the others. */
const MOST_IN_A_ROW = 64

/** Takes a client's messages one by one, runs them, and sends the answers in order. */
export class ClientConnection<Data> implements Client<Data> {
  readonly id: number
  readonly socket: Socket
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  data: Data
  readonly #parts: ServerParts<Data>
  readonly #framing: Framing
  readonly #outbox: Outbox
  readonly #order = new AnswerOrder(
    (answer) => this.#framing.encode(answer),
    (encoded) => void this.write(encoded),
  )
  #state: 'open' | 'ending' | 'ended' | 'closed' = 'open'
  #reason: DisconnectReason | undefined
  /** Encoded. */
  #farewell: string | Uint8Array | undefined
  #abort: AbortController | undefined
  #linger: Timer | undefined
  #pumping = false
  #isGreeting = false
  #isPaused = false
  /** No more input is read; what has come completely is still run. */
  #inputEnded = false
  #active = true
  /** Whether a complete message has come. */
  #hasAsked = false
  /** Monotonic milliseconds of the connection. */
  readonly #since: number
  #idleSince: number

  constructor(id: number, socket: Socket, parts: ServerParts<Data>) {
    this.id = id
    this.socket = socket
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.#parts = parts
    this.#framing = parts.createFraming()
    this.#outbox = new Outbox(socket, parts.flushes)
    this.#since = parts.clock.now()
    this.#idleSince = this.#since
    this.data = parts.options.data()
    socket.on('error', () => {
      this.#reason ??= 'client'
    })
    socket.on('close', () => this.#onClose())
    // Node's timer knows of progress within one long write; while output waits no input is read that would wind it up.
    socket.setTimeout(parts.options.writeTimeout, () => this.#onTimeout())
  }

  get closed(): boolean {
    return this.#state === 'closed' || this.socket.destroyed
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.closed) this.#abort.abort()
    }
    return this.#abort.signal
  }

  /** Greets the client and begins to read. */
  start(): void {
    if (this.closed) return
    // Not at once: while the system takes all that is written, this client would have every turn.
    this.socket.on('drain', () => this.#pumpLater())
    this.socket.on('end', () => {
      this.#inputEnded = true
      this.#pump()
    })
    this.socket.on('data', (chunk: Buffer) => {
      if (this.#state !== 'open') return
      this.#framing.push(chunk)
      this.#pump()
    })
    if (!this.#parts.connect.isEmpty) this.#greet()
  }

  write(data: string | Uint8Array): Promise<boolean> {
    if (this.closed || this.#state === 'ended') return GONE
    if (this.#outbox.length > this.#parts.options.maxOutput) {
      this.#parts.onFault('output', `it does not read: ${this.#outbox.length} bytes waited for it`)
      this.close('output')
      return GONE
    }
    this.#outbox.add(data)
    return this.#outbox.waitForRoom()
  }

  send(message: string | Uint8Array): Promise<boolean> {
    return this.write(this.#framing.encode(message))
  }

  end(message?: string | Uint8Array): void {
    if (this.#state !== 'open') return
    this.#farewell = message === undefined ? undefined : this.#framing.encode(message)
    this.#state = 'ending'
    this.#reason ??= 'server'
    this.#endIfDone()
  }

  destroy(): void {
    this.close('server')
  }

  /** Closes at once. */
  close(reason: DisconnectReason): void {
    this.#reason ??= reason
    this.socket.destroy()
  }

  /** Whether a message is being run, or an answer on its way. */
  get isBusy(): boolean {
    return !this.closed && (this.#order.size > 0 || this.#framing.pending || this.#outbox.length > 0)
  }

  /**
   * Runs what has come completely, and ends. One who has just connected and asked for nothing yet is given a moment: the request may
   * be on its way.
   */
  finish(): void {
    this.#reason ??= 'shutdown'
    const isNew = !this.#hasAsked && this.#parts.clock.now() - this.#since < FIRST_REQUEST
    if (!isNew || this.#state !== 'open') return this.#endInput()
    this.#parts.clock.after(FIRST_REQUEST, () => this.#endInput())
  }

  #endInput(): void {
    if (this.closed || this.#inputEnded) return
    this.#inputEnded = true
    this.#pump()
  }

  /** Closes it when it has sent no complete message for `idleTimeout` milliseconds; asked from time to time. */
  closeIfIdle(now: number): void {
    const hasWork = this.#order.size > 0 || this.#outbox.length > 0
    if (this.#active || hasWork) {
      this.#active = false
      this.#idleSince = now
    } else if (this.#state === 'open' && now - this.#idleSince >= this.#parts.options.idleTimeout) {
      this.#reason ??= 'idle'
      this.end()
    }
  }

  #greet(): void {
    const greeting = new MessageTurn(this.#turns)
    this.#isGreeting = true
    this.#order.open(greeting)
    const greeted = (): void => {
      this.#isGreeting = false
      this.#close(greeting)
    }
    const failed = (thrown: unknown): void => {
      this.#isGreeting = false
      this.#fail(greeting, thrown)
    }
    runToEnd(() => this.#parts.connect.call((answer) => greeting.take(answer), this), greeted, failed)
  }

  #pump(): void {
    // A handler that ends its own client, or empties its output, gets here from within.
    if (this.#pumping || this.closed) return
    this.#pumping = true
    try {
      for (let taken = 0; this.#mayTake(); taken++) {
        if (taken === MOST_IN_A_ROW) {
          this.#pumpLater()
          break
        }
        const message = this.#framing.next()
        if (!message) break
        this.#active = true
        this.#hasAsked = true
        this.#parts.onMessage()
        this.#run(message)
      }
    } catch (thrown) {
      this.#refuseInput(toError(thrown))
    }
    this.#pumping = false
    if (this.#reason === 'shutdown' && this.#hasAsked) this.#inputEnded = true
    this.#readOn()
    const isThrough = this.#inputEnded && this.#state === 'open' && !this.#framing.pending
    if (isThrough && this.#order.size === 0) {
      this.#reason ??= 'client'
      this.end()
    }
  }

  /** After the others had their turn. */
  #pumpLater(): void {
    setImmediate(() => this.#pump())
  }

  #mayTake(): boolean {
    return (
      this.#state === 'open' &&
      !this.#isGreeting &&
      this.#order.size < this.#parts.options.concurrency &&
      this.#outbox.hasRoom &&
      !this.socket.destroyed
    )
  }

  /** Bytes are read while those before have all been looked at, and the answers find a reader. */
  #readOn(): void {
    const isOver = this.#reason === 'shutdown' && this.#inputEnded
    const mustWait = this.#framing.pending || !this.#outbox.hasRoom || isOver
    const pause = this.#state === 'open' && mustWait
    if (pause === this.#isPaused) return
    this.#isPaused = pause
    if (pause) this.socket.pause()
    else this.socket.resume()
  }

  #run(message: Buffer): void {
    const turn = new MessageTurn(this.#turns, message)
    this.#order.open(turn)
    this.#parts.commands.run(this, message, turn)
  }

  /** What a turn calls back. One object for all turns of a client. */
  readonly #turns: TurnCallbacks = {
    take: (turn, answer) => this.#order.answer(turn, answer),
    end: (turn, matched, message) => {
      if (matched || !message || this.#parts.message.isEmpty || this.closed) return this.#close(turn)
      const work = (): unknown => this.#parts.message.call((answer) => turn.take(answer), this, message)
      const failed = (thrown: unknown): void => this.#fail(turn, thrown)
      runToEnd(work, () => this.#close(turn), failed)
    },
    fail: (turn, thrown) => this.#fail(turn, thrown),
  }

  #close(turn: Turn): void {
    this.#order.close(turn)
    this.#endIfDone()
    this.#pump()
  }

  /** A handler failed: its client is told what `onError` returns, or closed. */
  #fail(turn: Turn, thrown: unknown): void {
    const error = toError(thrown)
    // Work that was for this client alone is to end like this.
    if (this.closed && error.name === 'AbortError') return this.#close(turn)
    this.#parts.onFailure(error)
    this.#askFailureHandlers(turn, error, (answered) => {
      if (!answered) {
        this.#reason ??= 'error'
        this.end()
      }
      this.#close(turn)
    })
  }

  #refuseInput(error: Error): void {
    this.#reason ??= 'input'
    this.#parts.onFault('input', error.message)
    const turn = new MessageTurn(this.#turns)
    this.#order.open(turn)
    this.end()
    this.#askFailureHandlers(turn, error, (answered) => {
      if (!answered) this.#order.answer(turn, this.#framing.complain?.(error))
      this.#close(turn)
    })
  }

  #askFailureHandlers(turn: Turn, error: Error, conclude: (answered: boolean) => void): void {
    let answered = false
    const take = (answer: unknown): void => {
      const joined = typeof answer === 'string' ? (this.#framing.join?.(answer) ?? answer) : answer
      if (this.#order.answer(turn, joined)) answered = true
    }
    runToEnd(
      () => this.#parts.failure.call(take, error, this),
      () => conclude(answered),
      (thrown) => {
        this.#parts.onFailure(toError(thrown))
        conclude(answered)
      },
    )
  }

  #endIfDone(): void {
    if (this.#state !== 'ending' || this.#order.size > 0 || this.socket.destroyed) return
    if (this.#farewell !== undefined) void this.write(this.#farewell)
    this.#state = 'ended'
    this.#outbox.flush()
    this.socket.end(() => {
      if (this.closed) return
      this.#linger = this.#parts.clock.after(LINGER, () => this.socket.destroy())
    })
    this.socket.resume()
  }

  #onTimeout(): void {
    if (this.#outbox.length === 0) return
    this.#parts.onFault('stalled', `it has read nothing for ${this.#parts.options.writeTimeout} ms`)
    this.close('stalled')
  }

  #onClose(): void {
    this.#state = 'closed'
    this.#linger?.cancel()
    this.#abort?.abort()
    const reason = this.#reason ?? 'client'
    const onFailure = (thrown: unknown): void => this.#parts.onFailure(toError(thrown))
    try {
      const work = this.#parts.disconnect.call(() => {}, this, reason)
      if (work) this.#parts.onDisconnecting(work.catch(onFailure))
    } catch (thrown) {
      onFailure(thrown)
    }
  }
}

/** What a client does about its turns. */
interface TurnCallbacks {
  take(turn: Turn, answer: unknown): void
  end(turn: MessageTurn, matched: boolean, message: Buffer | undefined): void
  fail(turn: Turn, thrown: unknown): void
}

/** One message on its way through the handlers: a single object, whatever becomes of it. */
class MessageTurn implements Turn, CommandRun {
  waiting: (string | Uint8Array)[] | undefined = undefined
  isThrough = false
  readonly #callbacks: TurnCallbacks
  readonly #message: Buffer | undefined

  constructor(callbacks: TurnCallbacks, message?: Buffer) {
    this.#callbacks = callbacks
    this.#message = message
  }

  take(answer: unknown): void {
    this.#callbacks.take(this, answer)
  }

  end(matched: boolean): void {
    this.#callbacks.end(this, matched, this.#message)
  }

  fail(thrown: unknown): void {
    this.#callbacks.fail(this, thrown)
  }
}

/** Calls `end` or `fail` once, at once where the work needs no waiting. */
function runToEnd(work: () => unknown, end: () => void, fail: (thrown: unknown) => void): void {
  let outcome: unknown
  try {
    outcome = work()
  } catch (thrown) {
    return fail(thrown)
  }
  if (isThenable(outcome)) void outcome.then(end, fail)
  else end()
}

const GONE: Promise<boolean> = Promise.resolve(false)
