import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { openRunDirectory, type PluginHost, runDirectory, SdError, toError } from '@sd/core'
import { noInspectorFlags } from '@sd/core/inspector-flags'
import { bundledWords, ownEntry } from '@sd/core/own-entry'
import type { AddedCommands } from './added-commands.ts'
import { rememberTerminal } from './console/terminal-settings.ts'
import { divertOutput } from './daemon-terminal.ts'
import type { ResolvedDebugConsoleOptions } from './options.ts'
import type { FromHub, HubData, ToHub } from './protocol/thread-messages.ts'
import { DaemonView } from './target/daemon-view.ts'
import { enterProbe } from './target/enter-probe.ts'

/** Where what does not run on the main thread begins. */
const HUB: string = ownEntry(import.meta.url, './hub/main.ts', './hub/main.js')
const AGENT: string = ownEntry(import.meta.url, './agent/start.ts', './agent/start.js')
const CONSOLE: string = ownEntry(import.meta.url, './console/main.ts', './console/main.js')

/** Milliseconds for a process that ends: beyond that Node says that it waits for the debugger. */
const END_TIME = 500

/** Milliseconds that the console has to give the terminal back. */
const CONSOLE_TIME = 1000

/** Debugging, while it is on: the hub, the agents, and the console if that is ours. */
export class Debugging {
  readonly #host: PluginHost
  readonly #commands: AddedCommands
  readonly #ends: (() => unknown)[] = []
  /** See {@link HubData}. */
  readonly #state: Int32Array = new Int32Array(new SharedArrayBuffer(8))
  /** What was printed while it ends, or when the console had gone. */
  readonly #lateOutput: string[] = []
  #hub: Worker | undefined
  #console: ChildProcess | undefined
  readonly #socket: string
  #ready: Promise<void> = Promise.resolve()
  #attached = false
  /** Whether the log tells of whoever has come that they have gone. */
  #endIsLogged = true
  #ending: Promise<void> | undefined

  private constructor(host: PluginHost, commands: AddedCommands, socket: string) {
    this.#host = host
    this.#commands = commands
    this.#socket = socket
  }

  /**
   * Where the hub of a daemon listens. Control sockets end in `.sock`: this is none.
   *
   * @throws SdError `SD_DEBUG_CONSOLE_HUB` where its files are missing, as in a bundle.
   */
  static async prepareSocket(name: string): Promise<string> {
    if (!existsSync(HUB)) {
      throw new SdError(
        'SD_DEBUG_CONSOLE_HUB',
        `Debugging failed: ${bundledWords(HUB, '@sd/debug-console')}.`,
      )
    }
    return join(await openRunDirectory(runDirectory()), `${name}.${process.pid}.debug`)
  }

  /**
   * Begins at once, also in the middle of an endless loop: the hub listens a little later. To be followed by `open`, or, where
   * the main thread hears nothing, by `attach`. It ends when the console goes away, or `end` is called.
   *
   * @param socket - as `prepareSocket` has told.
   */
  static start(
    host: PluginHost,
    commands: AddedCommands,
    options: ResolvedDebugConsoleOptions,
    foreground: boolean,
    socket: string,
  ): Debugging {
    const debugging = new Debugging(host, commands, socket)
    debugging.#start(options, foreground)
    return debugging
  }

  /**
   * Resolves when the hub listens.
   *
   * @throws SdError `SD_DEBUG_CONSOLE_START`.
   */
  async open(foreground: boolean): Promise<void> {
    try {
      await this.#ready
      this.attach()
      if (foreground) this.#openConsole()
    } catch (cause) {
      await this.end()
      const message = `Debugging cannot begin: ${toError(cause).message}`
      throw new SdError('SD_DEBUG_CONSOLE_START', message, { cause })
    }
  }

  /** Has agents started in the child processes, once: the hub listens by now. */
  attach(): void {
    if (this.#attached || this.ended) return
    this.#attached = true
    for (const facet of Object.values(this.#host.facets())) {
      const detach = facet.attach?.(pathToFileURL(AGENT).href, { socket: this.#socket })
      if (detach) this.#ends.push(detach)
    }
  }

  /** The main thread lets go at once, although the hub's thread has not ended: another one is about to begin. */
  release(): void {
    for (const end of this.#ends.splice(0).reverse()) void end()
  }

  /** Where consoles connect. */
  get socket(): string {
    return this.#socket
  }

  /** Whether it has ended, or is about to. */
  get ended(): boolean {
    return this.#ending !== undefined || Atomics.load(this.#state, 1) !== 0
  }

  /** Ends it: everything goes on, and nothing is left. */
  end(): Promise<void> {
    this.#ending ??= this.#close()
    return this.#ending
  }

  #start({ points }: ResolvedDebugConsoleOptions, foreground: boolean): void {
    const { name } = this.#host
    this.#ends.push(enterProbe(this.#answers()))
    this.#ready = this.#startHub({
      name,
      socket: this.#socket,
      points,
      foreground,
      directory: process.cwd(),
      state: this.#state,
    })
    this.#ready.catch(() => {})
    const onChange = (): void => this.#tellHub({ type: 'commands', commands: this.#commands.list() })
    this.#commands.onChange = onChange
    this.#ends.push(() => {
      if (this.#commands.onChange === onChange) this.#commands.onChange = () => {}
    })
    onChange()
  }

  /** What the hub calls on this thread: each is over at once. */
  #answers(): object {
    const view = new DaemonView(this.#host)
    return {
      daemon: this.#host.daemon,
      processes: () => view.processes(),
      types: () => view.types(),
      calls: () => view.calls(),
      callsOf: (pid: number) => view.callsOf(pid),
      call: (id: number, pool: string | undefined) => view.call(id, pool),
      freeze: (pid: number, since: number) => view.freeze(pid, since),
      thaw: (pid: number, at: number) => view.thaw(pid, at),
      log: (message: string) => view.log(message),
      status: () => view.status(),
      abort: (pool: string, id: number, paused: boolean) => view.abort(pool, id, paused).then(() => true),
      terminate: () => view.terminate(),
      run: (pool: string, method: string, args: readonly unknown[]) => {
        void view.run(pool, method, args).then((text) => this.#tellHub({ type: 'print', text }))
      },
      openInspector: (pid: number) => {
        void view
          .openInspector(pid)
          .catch(() => undefined)
          .then((address) => this.#tellHub({ type: 'inspector', pid, address }))
      },
      sendRenewals: () => {
        const renewals = Object.values(this.#host.facets())
          .map((facet) => facet.renewal?.())
          .filter((renewal) => renewal !== undefined)
        if (renewals.length > 0) this.#tellHub({ type: 'renewals', renewals })
      },
      runCommand: (run: number, name: string, text: string, pid: number | null) => {
        const print = (line: string): void => this.#tellHub({ type: 'print', text: String(line) })
        const ended = (end: string): void => this.#tellHub({ type: 'commandEnded', run, text: end })
        void this.#commands.run(name, text, { print, pid: pid ?? undefined }).then(ended)
      },
    }
  }

  async #startHub(data: HubData): Promise<void> {
    const hub = new Worker(HUB, { workerData: data, name: 'sd debug hub' })
    this.#hub = hub
    const leave = (): void => {
      if (Atomics.load(this.#state, 0) !== 0) return
      this.#tellHub({ type: 'leave' })
      Atomics.wait(this.#state, 0, 0, END_TIME)
    }
    process.on('exit', leave)
    hub.once('exit', () => {
      process.off('exit', leave)
      this.#hub = undefined
    })
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => reject(error)
      hub.once('error', fail)
      hub.once('exit', () => fail(new Error('Its thread has ended.')))
      hub.on('message', (message: FromHub) => {
        if (message.type === 'ready') resolve()
        else if (message.type === 'failed') fail(new Error(message.message))
        else if (message.type === 'ended') {
          this.#endIsLogged = true
          void this.end()
        } else if (message.type === 'arrived') this.#onConsole()
        else if (message.type === 'undelivered') this.#lateOutput.push(message.text)
        else setImmediate(() => this.#tellHub({ type: 'exit' }))
      })
    })
    hub.removeAllListeners('error')
    hub.on('error', (error) => {
      this.#host.error(new SdError('SD_DEBUG_CONSOLE_HUB', `Debugging has failed: ${toError(error).message}`))
      void this.end()
    })
    // A daemon that has nothing more to do ends, debugged or not.
    hub.unref()
  }

  #openConsole(): void {
    // One that is killed leaves the terminal to the line editor, where Ctrl-C is a key like any other.
    const restoreTerminal = process.stdin.isTTY ? rememberTerminal() : (): void => {}
    const command = [...noInspectorFlags, ...sourceFlags(), CONSOLE, this.#socket]
    const child = spawn(process.execPath, command, { stdio: 'inherit' })
    this.#console = child
    child.on('error', (error) => this.#host.error(toError(error)))
    child.once('exit', (_code, signal) => {
      if (signal !== null) restoreTerminal()
      // The hub notices it, too, and ends in good order, unless nobody has ever connected.
      setTimeout(() => void this.end(), CONSOLE_TIME).unref()
    })
  }

  /** From now on it is the console that writes to its terminal. */
  #onConsole(): void {
    this.#endIsLogged = false
    if (!this.#console) return
    const giveBack = divertOutput((text) => {
      // It waits until the console has given the terminal back.
      if (this.#ending) this.#lateOutput.push(text)
      else this.#tellHub({ type: 'output', text })
    })
    this.#ends.push(() => {
      giveBack()
      for (const text of this.#lateOutput.splice(0)) process.stdout.write(text)
    })
  }

  #tellHub(message: ToHub): void {
    this.#hub?.postMessage(message)
  }

  async #close(): Promise<void> {
    if (!this.#endIsLogged) this.#host.log('debugging has ended: the daemon is stopping')
    const hub = this.#hub
    if (hub) {
      const exited = new Promise((resolve) => hub.once('exit', resolve))
      this.#tellHub({ type: 'leave' })
      await exited
    }
    await this.#endConsole()
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        this.#host.error(toError(error))
      }
    }
  }

  /** It ends by itself when the hub is gone, and gives the terminal back before. */
  async #endConsole(): Promise<void> {
    const child = this.#console
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const timer = setTimeout(() => child.kill('SIGKILL'), CONSOLE_TIME)
    await exited
    clearTimeout(timer)
  }
}

/** What lets Node run the sources of this repository, where the daemon itself was started so. */
function sourceFlags(): string[] {
  return HUB.endsWith('.ts') ? ['--disable-warning=ExperimentalWarning', '-C', '@sd/source'] : []
}
