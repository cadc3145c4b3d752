import { connect } from 'node:net'
import { JsonLines } from '../protocol/json-lines.ts'
import { type FromConsole, type Hello, PROTOCOL, type ToConsole } from '../protocol/messages.ts'
import { type ConsoleInput, openScriptInput } from './script-input.ts'
import { openTerminalInput } from './terminal-input.ts'

/** What a console reads from and writes to. */
export interface ConsoleStreams {
  /** A terminal, or anything else: then its lines are a script. */
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

/** How a console has ended. */
export interface ConsoleEnd {
  /** The daemon, or the person, has ended it; the daemon did not take it; the daemon has gone away. */
  readonly why: 'ended' | 'refused' | 'gone'
  /** For a person. */
  readonly message: string
}

/**
 * Debugs a daemon from a terminal, until one of the two ends it. The terminal is left as it was found.
 *
 * @param socketPath - as the control method `console` has told.
 * @param streams - @default the process's own
 * @returns how it has ended.
 * @example
 * ```ts
 * const { socket } = (await client.call('console')) as { socket: string }
 * const { why } = await attachConsole(socket)
 * process.exitCode = why === 'ended' ? 0 : 1
 * ```
 */
export function attachConsole(
  socketPath: string,
  streams: ConsoleStreams = { input: process.stdin, output: process.stdout },
): Promise<ConsoleEnd> {
  return new Promise((resolve) => {
    const isTerminal = Boolean(streams.input.isTTY && streams.output.isTTY)
    const socket = connect(socketPath)
    let end: ConsoleEnd = { why: 'gone', message: 'The daemon has gone away.' }
    let input: ConsoleInput | undefined
    /** Lines. A prompt that was sent before the last of them has come too late. */
    let sent = 0

    const send = (message: FromConsole): void => {
      if (message.type !== 'complete') sent++
      hub.send(message)
    }

    const hub = new JsonLines<ToConsole, FromConsole | Hello>(socket, receive, (why) => {
      input?.close()
      if (end.why === 'gone' && !socket.bytesRead) end = { why: 'gone', message: `Cannot connect: ${why}.` }
      resolve(end)
    })

    socket.once('connect', () => {
      hub.send({ protocol: PROTOCOL, role: 'console', pid: process.pid, terminal: isTerminal })
    })

    function open(): ConsoleInput {
      const { input: from, output: to } = streams
      const parts = {
        onLine: (text: string) => send({ type: 'line', text }),
        onComplete: (id: number, text: string) => send({ type: 'complete', id, text }),
        onInterrupt: () => send({ type: 'interrupt' }),
        onEnd: () => send({ type: 'line', text: 'end' }),
        onClosed: () => socket.destroy(),
      }
      return isTerminal ? openTerminalInput(from, to, parts) : openScriptInput(from, to, parts)
    }

    function receive(message: ToConsole): void {
      switch (message.type) {
        case 'welcome':
          input = open()
          return
        case 'print':
          return input?.print(message.text)
        case 'prompt':
          return message.turn === sent ? input?.prompt(message.text) : undefined
        case 'completions':
          return input?.complete(message.id, message.names)
        case 'refused':
          end = { why: 'refused', message: message.message }
          return
        case 'end':
          end = { why: 'ended', message: message.message }
          input?.print(message.message)
      }
    }
  })
}
