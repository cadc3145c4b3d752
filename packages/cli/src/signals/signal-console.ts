import { listDaemons } from '@sd/control/client'
import { readLife } from '@sd/control/life'
import { SdError, suggestName } from '@sd/core'
import { isAlive, type ProcessIdentity, signalProcess, wouldEndUnheard } from '@sd/core/process-identity'
import { type LineConsole, openLineConsole } from '../line-console/line-console.ts'
import { formatJson } from '../output/format-json.ts'
import { formatTable } from '../output/format-table.ts'
import type { Output } from '../output/output.ts'
import { explainUnheard } from '../signal/unheard-signal.ts'
import { waitUntilHeard } from '../signal/wait-until-heard.ts'
import { findSignal, signalNames } from './find-signal.ts'
import { listSignals } from './signal-effects.ts'
import { findTarget, type SignalTarget } from './signal-target.ts'

/** What `sd-cli signals` is called with. */
export interface SignalsArguments {
  /** A daemon, or a pid. */
  readonly target: string | undefined
}

/** How often it is looked whether the process still runs. Milliseconds. */
const LOOK_INTERVAL = 250

const HELP = [
  ['HUP, sighup, 1', 'sends that signal'],
  ['!!', 'does the last line again'],
  ['pid NAME|PID', 'goes on with another daemon, or process'],
  ['list', 'shows the signals, and the daemons that run'],
  ['list signals, list daemons', 'shows only these'],
  ['exit', 'leaves; so do Ctrl-D and Ctrl-C'],
]

const COMMANDS = ['pid', 'list', 'help', 'exit']

/**
 * The signal console.
 *
 * @returns the exit code.
 * @throws as `findTarget`, when the process that was named is not there.
 */
export async function openSignalConsole({ target }: SignalsArguments, out: Output): Promise<number> {
  const found = target === undefined ? undefined : await findTarget(target)
  return (await new SignalConsole(out, found).run()) ? 0 : 1
}

class SignalConsole {
  readonly #out: Output
  readonly #console: LineConsole
  readonly #watch: NodeJS.Timeout
  #target: SignalTarget | undefined

  constructor(out: Output, target: SignalTarget | undefined) {
    this.#out = out
    this.#target = target
    this.#console = openLineConsole({
      name: 'signals',
      prompt: () => this.#prompt(),
      run: (line) => this.#do(line),
      complete: (line) => this.#complete(line),
    })
    this.#watch = setInterval(() => this.#look(), LOOK_INTERVAL)
    if (this.#console.isInteractive) this.#welcome()
  }

  async run(): Promise<boolean> {
    try {
      return await this.#console.left
    } finally {
      clearInterval(this.#watch)
    }
  }

  #prompt(): string {
    if (!this.#target) return 'signals> '
    const { daemon, identity } = this.#target
    return `${daemon === undefined ? '' : `${daemon} `}${identity.pid}> `
  }

  #welcome(): void {
    if (this.#target) this.#console.say(`${this.#target.title}. Type a signal, for instance HUP, or help.`)
    else
      this.#console.say(
        'No process is attached yet: "pid NAME" takes a daemon, "list" shows them, "help" tells more.',
      )
  }

  async #do(line: string): Promise<void> {
    const [word = '', ...rest] = line.split(/\s+/)
    switch (word) {
      case 'help':
      case '?':
        return this.#help()
      case 'exit':
        return this.#console.leave()
      case 'list':
        return await this.#list(rest[0])
      case 'pid':
        return await this.#attach(rest)
      case 'quit':
        throw usage('"quit" may mean the signal, or the end of this console. Type SIGQUIT, or exit.')
      default:
        if (rest.length > 0)
          throw usage(`One signal at a time, not "${line}". Type help to see what there is.`)
        await this.#send(word)
    }
  }

  async #send(word: string): Promise<void> {
    const signal = findSignal(word)
    if (!signal) {
      const hint = suggestName(word.toUpperCase().replace(/^SIG/, ''), [...signalNames(), ...COMMANDS])
      throw usage(`There is no signal, and no command, "${word}".${hint} Type list to see the signals.`)
    }
    if (!this.#target) throw usage('No process is attached: choose one with "pid NAME" or "pid NUMBER".')
    const { daemon, identity } = this.#target
    const { pid } = identity
    if (daemon !== undefined) await this.#checkHeard(daemon, identity, signal)
    if (!signalProcess(identity, signal)) {
      this.#forget()
      throw new SdError('SD_CLI_NOT_RUNNING', `Not sent: ${pid} has exited.`, { pid })
    }
    if (this.#out.json) this.#console.print(formatJson({ pid, signal }))
    else this.#console.say(`${signal} was sent to ${pid}.`)
  }

  /** A process that was chosen by its pid is sent whatever is typed. */
  async #checkHeard(daemon: string, identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
    await waitUntilHeard(readLife(daemon), signal, this.#out)
    if (!wouldEndUnheard(identity, signal)) return
    const message = `${explainUnheard(`${daemon}, pid ${identity.pid}`, signal)} Type TERM to stop it, or KILL.`
    throw new SdError('SD_CLI_UNHEARD', message, { daemon, pid: identity.pid, signal })
  }

  async #attach(words: readonly string[]): Promise<void> {
    const [text, ...others] = words
    if (text === undefined || others.length > 0)
      throw usage('"pid" takes the name of a daemon, or a pid: pid poller')
    this.#target = await findTarget(text)
    this.#console.say(`${this.#target.title}.`)
    this.#console.refresh()
  }

  async #list(what: string | undefined): Promise<void> {
    if (what !== undefined && what !== 'signals' && what !== 'daemons') {
      throw usage(`"list" shows signals or daemons, not "${what}".`)
    }
    const signals = what === 'daemons' ? undefined : listSignals()
    const daemons = what === 'signals' ? undefined : await listDaemons()
    if (this.#out.json) return this.#console.print(formatJson({ signals, daemons }))
    const tables = []
    if (signals) {
      const rows = signals.map(({ number, name, effect }) => [String(number), name, effect])
      const columns = [
        { title: 'no', align: 'right' as const },
        { title: 'signal' },
        { title: 'what a daemon does' },
      ]
      tables.push(formatTable({ columns, rows }, this.#out.style))
    }
    if (daemons) {
      const rows = daemons.map(({ name, state, daemon }) => [name, String(daemon?.pid ?? '-'), state])
      const columns = [{ title: 'daemon' }, { title: 'pid', align: 'right' as const }, { title: 'state' }]
      tables.push(
        daemons.length > 0 ? formatTable({ columns, rows }, this.#out.style) : 'No daemon of yours runs.',
      )
    }
    await this.#console.page(tables.join('\n\n').split('\n'))
  }

  #help(): void {
    this.#console.print(HELP.map(([line, meaning]) => `  ${line!.padEnd(28)}${meaning}`).join('\n'))
  }

  /** Says so when the process has gone. */
  #look(): void {
    if (!this.#target || isAlive(this.#target.identity)) return
    const { daemon, identity } = this.#target
    this.#forget()
    this.#console.say(`${identity.pid}${daemon === undefined ? '' : ` (${daemon})`} has exited.`)
  }

  #forget(): void {
    this.#target = undefined
    this.#console.refresh()
  }

  async #complete(line: string): Promise<readonly string[]> {
    const [first, second] = line.split(/\s+/)
    if (second === undefined) {
      const prefix = /^sig/i.test(first ?? '') ? 'SIG' : ''
      return [...signalNames().map((name) => prefix + name), ...COMMANDS]
    }
    if (first === 'list') return ['signals', 'daemons']
    return first === 'pid' ? (await listDaemons()).map(({ name }) => name) : []
  }
}

function usage(message: string): SdError {
  return new SdError('SD_CLI_USAGE', message)
}
