import { connect } from 'node:net'
import { escapeText } from '@sd/core/escape-text'
import { JsonLines } from '../protocol/json-lines.ts'
import { type FromConsole, type Hello, PROTOCOL, type ToConsole } from '../protocol/messages.ts'
import type { ConsoleEnd, ConsoleStreams } from './attach-console.ts'
import { type ConsoleInput, openScriptInput } from './script-input.ts'
import { openTerminalInput } from './terminal-input.ts'

/** What `attachConsole` does. What the daemon tells is shown, and not obeyed: it may be another user's. */
export function runConsole(socketPath: string, streams: ConsoleStreams): Promise<ConsoleEnd> {
  return new Promise((resolve) => {
    const isTerminal = Boolean(streams.input.isTTY && streams.output.isTTY)
    const socket = connect(socketPath)
    let end: ConsoleEnd = { why: 'gone', message: 'The daemon has gone away.' }
    let input: ConsoleInput | undefined
    /** Lines. A prompt that was sent before the last of them has come too late. */
    let sent = 0

    /** The prompt that is on the screen. */
    let shown: number | undefined

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
        onLine: (text: string) => {
          send({ type: 'line', text, ...(shown !== undefined && { prompt: shown }) })
          shown = undefined
        },
        onComplete: (id: number, text: string) => send({ type: 'complete', id, text }),
        onInterrupt: () => send({ type: 'interrupt' }),
        onEnd: () => send({ type: 'end' }),
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
          return input?.print(escapeText(message.text, '\n\t'))
        case 'prompt':
          if (message.turn !== sent) return
          shown = message.id
          return input?.prompt(escapeText(message.text))
        case 'completions':
          return input?.complete(
            message.id,
            message.names.filter((name) => escapeText(name) === name),
          )
        case 'refused':
          end = { why: 'refused', message: escapeText(message.message, '\n\t') }
          return
        case 'end':
          end = { why: 'ended', message: escapeText(message.message, '\n\t') }
          // Whoever reads this has the terminal back: a Ctrl-C that comes before would be a key that nobody reads.
          input?.close()
          input?.print(end.message)
      }
    }
  })
}
