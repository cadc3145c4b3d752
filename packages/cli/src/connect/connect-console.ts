import { once } from 'node:events'
import type { Socket } from 'node:net'
import { finished, pipeline } from 'node:stream/promises'
import { SdError } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'
import { type LineConsole, openLineConsole } from '../line-console/line-console.ts'
import type { Output } from '../output/output.ts'
import { openConnection } from './open-connection.ts'
import { formatAddress, parseAddress } from './parse-address.ts'
import { ReceivedText } from './received-text.ts'

/** What `sd-cli connect` is called with. */
export interface ConnectArguments {
  readonly address: string
  readonly tls: boolean
  readonly ca: string | undefined
  readonly insecure: boolean
  readonly crlf: boolean
  /** Seconds. */
  readonly timeout: number
}

/** A server that has sent a part of a line, and then nothing for so long, waits for an answer. Milliseconds. */
const QUIET = 100

/**
 * A line console to a server; where stdin is no terminal, what it says is sent as it is.
 *
 * @returns the exit code.
 * @throws SdError `SD_CLI_USAGE`, `SD_CLI_CONNECT`, `SD_CLI_PERMISSION`.
 */
export async function openConnectConsole(args: ConnectArguments, out: Output): Promise<number> {
  const { tls, ca, insecure, crlf, timeout } = args
  const address = parseAddress(args.address)
  if (!(timeout > 0 && timeout <= 3600)) {
    throw new SdError('SD_CLI_USAGE', `--timeout takes seconds, above 0 and up to 3600, not ${timeout}.`)
  }
  if ((ca !== undefined || insecure) && !tls) {
    throw new SdError('SD_CLI_USAGE', '--ca and --insecure are about TLS: add --tls.')
  }
  const name = formatAddress(address)
  const progress = out.progress(`Connecting to ${name}`)
  const socket = await openConnection(address, { tls, ca, insecure, timeout: timeout * 1000 }).finally(
    progress.end,
  )
  if (!process.stdin.isTTY || !process.stdout.isTTY) return await passThrough(socket, name)
  return (await new ConnectConsole(socket, name, crlf ? '\r\n' : '\n').run()) ? 0 : 1
}

/** What comes on stdin is sent, what comes back is printed: for scripts. */
async function passThrough(socket: Socket, name: string): Promise<number> {
  const { stdin, stdout } = process
  // When the server has closed, nobody takes what stdin might still say.
  const sending = pipeline(stdin, socket, { end: true }).catch(() => {})
  try {
    if (stdout.isTTY) await printText(socket, stdout)
    else await pipeline(socket, stdout, { end: false })
    return 0
  } catch (error) {
    throw brokenError(name, error)
  } finally {
    socket.destroy()
    stdin.destroy()
    await sending
  }
}

async function printText(socket: Socket, stdout: NodeJS.WriteStream): Promise<void> {
  const text = new ReceivedText()
  socket.on('data', (bytes) => {
    for (const line of text.push(bytes)) stdout.write(`${escapeText(line, '\t')}\n`)
  })
  await finished(socket, { writable: false })
  const rest = text.takeRest()
  if (rest !== undefined) stdout.write(`${escapeText(rest, '\t')}\n`)
}

class ConnectConsole {
  readonly #socket: Socket
  readonly #lineEnd: string
  readonly #console: LineConsole
  readonly #text = new ReceivedText()
  readonly #closed: Promise<void>
  #quiet: NodeJS.Timeout | undefined
  #look: NodeJS.Immediate | undefined
  #error: SdError | undefined
  /** Whether it is this side that has had enough. */
  #isLeft = false

  constructor(socket: Socket, name: string, lineEnd: string) {
    this.#socket = socket
    this.#lineEnd = lineEnd
    this.#console = openLineConsole({
      name: 'connect',
      isVerbatim: true,
      prompt: () => '> ',
      run: (line) => this.#send(line),
      interrupt: () => this.#hangUp(),
      end: () => this.#finish(),
    })
    socket.on('data', (bytes) => this.#receive(bytes))
    socket.on('error', (error) => {
      this.#error = brokenError(name, error)
    })
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#onClose()
        resolve()
      })
    })
    this.#console.say(`Connected to ${name}. Ctrl-D ends sending, Ctrl-C leaves.`)
  }

  async run(): Promise<boolean> {
    await this.#console.left
    return this.#error === undefined
  }

  async #send(line: string): Promise<void> {
    if (this.#socket.writable && !this.#socket.write(line + this.#lineEnd)) {
      await Promise.race([once(this.#socket, 'drain').catch(() => {}), this.#closed])
    }
  }

  #receive(bytes: Buffer): void {
    this.#forgetRest()
    this.#print(this.#text.push(bytes))
    this.#quiet = setTimeout(() => {
      // What has come while a slow terminal took its time is read first.
      this.#look = setImmediate(() => this.#printRest())
    }, QUIET)
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#console.print(lines.join('\n'))
  }

  #forgetRest(): void {
    clearTimeout(this.#quiet)
    clearImmediate(this.#look)
  }

  #printRest(): void {
    const rest = this.#text.takeRest()
    if (rest !== undefined) this.#print([rest])
  }

  /** Ctrl-C: the console is left, and there is nothing to wait for. */
  #hangUp(): boolean {
    this.#isLeft = true
    this.#socket.destroy()
    return false
  }

  /** Ctrl-D: the server may still have something to say. */
  async #finish(): Promise<void> {
    if (!this.#socket.destroyed && this.#socket.writable) {
      this.#socket.end()
      this.#console.say('Nothing more is sent; waiting for the server. Ctrl-C leaves.')
    }
    await this.#closed
  }

  #onClose(): void {
    this.#forgetRest()
    this.#printRest()
    if (this.#error) this.#console.showError(this.#error)
    else if (!this.#isLeft) this.#console.say('The server has closed the connection.')
    this.#console.leave()
  }
}

function brokenError(address: string, cause: unknown): SdError {
  const message = `The connection to ${address} broke: ${(cause as Error).message}.`
  return new SdError('SD_CLI_CONNECTION', message, { address, cause })
}
