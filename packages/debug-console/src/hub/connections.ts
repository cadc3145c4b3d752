import type { Server, Socket } from 'node:net'
import { JsonLines } from '../protocol/json-lines.ts'
import {
  type AgentRequest,
  type FromAgent,
  type FromConsole,
  type Hello,
  PROTOCOL,
  type ToConsole,
} from '../protocol/messages.ts'

/** What is done with a connection: with each message, and when it has ended. */
export interface Visitor<Message> {
  receive(message: Message): void
  leave(): void
}

/** Who may come. Undefined: they may not. */
export interface Reception {
  onAgent(pid: number, lines: JsonLines<FromAgent, AgentRequest>): Visitor<FromAgent> | undefined
  /** @returns why it may not come. */
  onConsole(pid: number, lines: JsonLines<FromConsole, ToConsole>): Visitor<FromConsole> | string
}

/** The connections of the hub's socket. The first line says what each is. */
export class Connections {
  readonly #reception: Reception
  readonly #sockets = new Set<Socket>()

  constructor(reception: Reception) {
    this.#reception = reception
  }

  listen(server: Server): void {
    server.on('connection', (socket) => this.#onConnection(socket))
  }

  /** What is sent already still arrives. */
  close(): void {
    for (const socket of this.#sockets) socket.destroySoon()
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    let visitor: Visitor<unknown> | undefined
    const lines: JsonLines<unknown, unknown> = new JsonLines<unknown, unknown>(
      socket,
      (message) => {
        if (visitor) visitor.receive(message)
        else visitor = this.#receive(message as Hello, lines)
      },
      () => {
        this.#sockets.delete(socket)
        visitor?.leave()
      },
    )
  }

  #receive(hello: Hello, lines: JsonLines<unknown, unknown>): Visitor<unknown> {
    if (hello.protocol !== PROTOCOL) return refuse(lines, `It speaks version ${PROTOCOL}.`)
    if (hello.role === 'agent' && Number.isSafeInteger(hello.pid)) {
      const agent = this.#reception.onAgent(hello.pid, lines as JsonLines<FromAgent, AgentRequest>)
      return (agent as Visitor<unknown> | undefined) ?? dismiss(lines)
    }
    if (hello.role !== 'console') return dismiss(lines)
    const console = this.#reception.onConsole(hello.pid, lines as JsonLines<FromConsole, ToConsole>)
    return typeof console === 'string' ? refuse(lines, console) : (console as Visitor<unknown>)
  }
}

const NOBODY: Visitor<unknown> = { receive() {}, leave() {} }

function refuse(lines: JsonLines<unknown, unknown>, message: string): Visitor<unknown> {
  lines.send({ type: 'refused', message } satisfies ToConsole)
  return dismiss(lines)
}

function dismiss(lines: JsonLines<unknown, unknown>): Visitor<unknown> {
  lines.end()
  return NOBODY
}
