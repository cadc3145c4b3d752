import type { Server, Socket } from 'node:net'
import { type DebugProcess, type LeaseRenewal, systemClock } from '@sd/core'
import { PROBE } from '../agent/main-thread.ts'
import { ThreadDebugger } from '../agent/thread-debugger.ts'
import type { Command, DebugSession } from '../commands/command.ts'
import { commandTable } from '../commands/command-table.ts'
import { completeLine, runLine } from '../commands/run-line.ts'
import { JsonLines } from '../protocol/json-lines.ts'
import {
  type AgentRequest,
  type FromAgent,
  type FromConsole,
  type Going,
  type Hello,
  type Place,
  type Plan,
  PROTOCOL,
  type ProcessEvents,
  type Stop,
  type StopCall,
  type ToConsole,
} from '../protocol/messages.ts'
import type { AddedCommand, FromHub, HubData } from '../protocol/thread-messages.ts'
import type { CallLine } from '../target/daemon-view.ts'
import { Columns } from './columns.ts'
import { type DebuggedProcess, RemoteProcess, withinTime } from './debugged-process.ts'
import { describePrompt, describeStop, type ProcessLabel } from './describe-stop.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { PlanBook } from './plan-book.ts'
import { printable } from './printable.ts'
import { startAgentFromOutside } from './start-agent-from-outside.ts'
import { StopQueue } from './stop-queue.ts'

/** Milliseconds that a step may take before others get the prompt. */
const STEP_TIME = 500

/** Milliseconds until somebody must have connected. */
const LONELY_TIME = 15_000

/** Milliseconds that processes have to come before the first prompt. */
const GATHERING_TIME = 3000

/** Spaces that a column is wide. */
const COLUMN_WIDTH = 4

const LETTERS: Readonly<Record<string, string>> = { daemon: 'D', worker: 'W', task: 'T' }

/** Where all that is debugged comes together: one console, and the processes that it is about, one at a time. */
export class Hub implements DebugSession {
  readonly book: PlanBook
  readonly name: string
  readonly directory: string
  indent = true
  readonly #data: HubData
  readonly #tell: (message: FromHub) => void
  readonly #queue = new StopQueue()
  readonly #columns = new Columns()
  readonly #leases = new LeaseKeeper()
  readonly #debugger: ThreadDebugger
  readonly #processes = new Map<number, DebuggedProcess>()
  readonly #remotes = new Map<number, RemoteProcess>()
  readonly #labels = new Map<number, ProcessLabel>()
  readonly #sockets = new Set<Socket>()
  readonly #stopListeners = new Set<() => void>()
  readonly #commandRuns = new Map<number, (text: string) => void>()
  readonly #inspectorWaiters = new Map<number, (address: string | undefined) => void>()
  /** Those that know where to stop. */
  readonly #told = new Set<number>()
  #added: readonly Command[] = []
  #console: JsonLines<FromConsole, ToConsole> | undefined
  #lines: Promise<void> = Promise.resolve()
  #lastLine = ''
  /** How many lines have come: a prompt says which one it is the answer to. */
  #taken = 0
  #busy = false
  /** The stop that has been shown, and its prompt. */
  #shown: Stop | undefined
  #prompt = ''
  #callShown: StopCall | undefined
  /** Whether there ever was a prompt. */
  #prompted = false
  #lastRun = 0
  #stepTimer: NodeJS.Timeout | undefined
  #skipTimer: NodeJS.Timeout | undefined
  #lonelyTimer: NodeJS.Timeout
  #ending: Promise<void> | undefined

  constructor(data: HubData, tell: (message: FromHub) => void) {
    this.#data = data
    this.#tell = tell
    this.name = data.name
    this.directory = data.directory
    this.book = new PlanBook(data.points)
    this.#debugger = new ThreadDebugger(this.#eventsOf(process.pid))
    this.#labels.set(process.pid, { group: data.name, pid: process.pid, letter: 'D' })
    this.#lonelyTimer = setTimeout(() => void this.end('Nobody has come.'), LONELY_TIME)
  }

  /** Begins to debug the daemon's own process, and to take connections. */
  async open(server: Server): Promise<void> {
    await this.#debugger.open()
    const main = this.#debugger
    const within =
      <Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) =>
      (...args: Args) =>
        withinTime(process.pid, ask.apply(main, args))
    this.#processes.set(process.pid, {
      pid: process.pid,
      stop: undefined,
      frame: 0,
      stoppedAt: 0,
      requests: {
        configure: within(main.configure),
        pause: within(main.pause),
        resume: within(main.resume),
        where: within(main.where),
        list: within(main.list),
        locals: within(main.locals),
        args: within(main.args),
        evaluate: within(main.evaluate),
        inspect: within(main.inspect),
        heap: (file) => main.heap(file),
      },
    })
    await this.tellPlan()
    server.on('connection', (socket) => this.#onConnection(socket))
  }

  // --- who connects -----------------------------------------------------------------------------------------------

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    let receive: ((message: unknown) => void) | undefined
    let leave = (): void => {}
    const lines: JsonLines<unknown, unknown> = new JsonLines<unknown, unknown>(
      socket,
      (message) => {
        if (receive) return receive(message)
        const hello = message as Hello
        if (hello.protocol !== PROTOCOL) return this.#refuse(lines, `It speaks version ${PROTOCOL}.`)
        if (hello.role === 'agent' && Number.isSafeInteger(hello.pid)) {
          ;[receive, leave] = this.#addAgent(hello.pid, lines as JsonLines<FromAgent, AgentRequest>)
        } else if (hello.role === 'console') {
          ;[receive, leave] = this.#addConsole(hello.pid, lines as JsonLines<FromConsole, ToConsole>)
        } else lines.end()
      },
      () => {
        this.#sockets.delete(socket)
        leave()
      },
    )
  }

  #refuse(lines: JsonLines<unknown, unknown>, message: string): void {
    lines.send({ type: 'refused', message } satisfies ToConsole)
    lines.end()
  }

  #addAgent(
    pid: number,
    lines: JsonLines<FromAgent, AgentRequest>,
  ): [receive: (message: unknown) => void, leave: () => void] {
    if (this.#ending || this.#remotes.has(pid)) {
      lines.end()
      return [() => {}, () => {}]
    }
    const remote = new RemoteProcess(pid, lines)
    this.#remotes.set(pid, remote)
    const process: DebuggedProcess = {
      pid,
      requests: remote.requests,
      stop: undefined,
      frame: 0,
      stoppedAt: 0,
    }
    this.#processes.set(pid, process)
    const events = this.#eventsOf(pid)
    void this.#configure(process)
    return [(message) => remote.receive(message as FromAgent, events), () => this.#onGone(process, remote)]
  }

  #addConsole(
    pid: number,
    lines: JsonLines<FromConsole, ToConsole>,
  ): [receive: (message: unknown) => void, leave: () => void] {
    if (this.#ending || this.#console) {
      const why = this.#ending
        ? 'Debugging is about to end: try again.'
        : 'Another console debugs this daemon.'
      this.#refuse(lines, why)
      return [() => {}, () => {}]
    }
    clearTimeout(this.#lonelyTimer)
    this.#console = lines
    this.#tell({ type: 'arrived' })
    lines.send({ type: 'welcome', name: this.name, pid: process.pid })
    void this.log(`debugging: a console has come (pid ${pid})`)
    this.print(this.#greeting())
    this.#enqueue(async () => {
      await this.#untilAllAreHere()
      await this.#present()
    })
    return [
      (message) => this.#onConsole(message as FromConsole),
      () => {
        this.#console = undefined
        void this.end('The console has gone away.')
      },
    ]
  }

  /** The processes that are there have been told to come; one that is stuck will not. */
  async #untilAllAreHere(): Promise<void> {
    const isHere = ({ pid, role, state }: DebugProcess): boolean =>
      this.#told.has(pid) || !['spawning', 'ready'].includes(state) || LETTERS[role] === undefined
    const processes = await this.#listProcesses()
    const all = (): boolean => processes.every(isHere)
    await this.untilStop(GATHERING_TIME, all)
  }

  #greeting(): string {
    const points = Object.keys(this.book.plan(false).points).length
    const where = points > 0 ? `Stops at: ${this.book.plan(false).points.join(', ')}.` : 'Stops nowhere yet.'
    return `Debugging ${this.name} (pid ${process.pid}). ${where} "break" has more, "help" lists all commands.`
  }

  #onConsole(message: FromConsole): void {
    if (message.type === 'line') this.#takeLine(String(message.text))
    else if (message.type === 'complete') {
      const names = completeLine(this, String(message.text))
      this.#console?.send({ type: 'completions', id: message.id, names })
    } else if (message.type === 'interrupt') this.#takeAtOnce(this.#data.foreground ? 'shutdown' : 'end')
    else if (message.type === 'end') this.#takeAtOnce('end')
  }

  /** Whoever wants to leave does not wait for the command that takes so long. */
  #takeAtOnce(command: string): void {
    this.#taken++
    void runLine(this, command).then(() => this.#enqueue(() => this.#present(true)))
  }

  /** One command after the other. */
  #takeLine(text: string): void {
    this.#taken++
    this.#enqueue(async () => {
      this.#busy = true
      try {
        await this.#runLine(text)
      } finally {
        this.#busy = false
      }
      await this.#present(true)
    })
  }

  /** What is shown at the console comes about one after the other. */
  #enqueue(work: () => Promise<void>): void {
    this.#lines = this.#lines.then(() => (this.#ending ? undefined : work())).catch(() => {})
  }

  #presentLater(): void {
    this.#enqueue(() => this.#present())
  }

  async #runLine(text: string): Promise<void> {
    const isRepeat = text.trim() === '!!' && this.#lastLine !== ''
    const line = isRepeat ? this.#lastLine : text
    if (isRepeat) this.print(line)
    if (line.trim() !== '' && line.trim() !== '!!') this.#lastLine = line
    await runLine(this, line)
  }

  // --- what processes tell ----------------------------------------------------------------------------------------

  #eventsOf(pid: number): ProcessEvents {
    return {
      onStop: (stop) => {
        const process = this.#processes.get(pid)
        if (process) this.#onStop(process, stop).catch(() => {})
      },
      onGoing: () => {
        const process = this.#processes.get(pid)
        if (process?.stop) this.#onGoing(process)
      },
      onBound: (id, place) => this.#onBound(id, place),
    }
  }

  async #onStop(process: DebuggedProcess, stop: Stop): Promise<void> {
    process.stop = stop
    process.frame = stop.frame?.number ?? 0
    process.stoppedAt = systemClock.now()
    if (this.#ending) return this.go(process, 'on')
    const captured = stop.point?.name === 'return' && stop.point.call
    if (captured) this.book.release(`${captured.pool}#${captured.id}`)
    await this.#standStill(process)
    clearTimeout(this.#stepTimer)
    this.#queue.add(process.pid)
    this.#wake()
    this.#presentLater()
  }

  /** Its time stands still, and what it holds is held for it. */
  async #standStill({ pid, stoppedAt }: DebuggedProcess): Promise<void> {
    try {
      if (pid === process.pid) await this.ask('sendRenewals()')
      else await this.ask(`freeze(${pid}, ${stoppedAt})`)
    } catch {
      // The daemon itself is where nobody can reach it: no timer of its runs either.
    }
  }

  /** It goes on, and nobody here has said so. */
  #onGoing(process: DebuggedProcess): void {
    const { stoppedAt } = process
    process.stop = undefined
    this.#queue.remove(process.pid)
    void this.#timeGoesOn(process.pid, stoppedAt)
    this.print(`${this.nameOf(process.pid)} goes on: another debugger has said so.`)
    this.#presentLater()
  }

  #onGone(process: DebuggedProcess, remote: RemoteProcess): void {
    remote.lose()
    this.#remotes.delete(process.pid)
    this.#processes.delete(process.pid)
    this.#told.delete(process.pid)
    const wasStopped = process.stop !== undefined
    this.#queue.remove(process.pid)
    this.#queue.giveUpStep(process.pid)
    if (this.#ending) return
    if (wasStopped) {
      this.print(`${this.nameOf(process.pid)} is gone.`)
      void this.#timeGoesOn(process.pid, process.stoppedAt)
    }
    this.#presentLater()
  }

  #onBound(id: number, place: Place): void {
    // The answer to `break` tells of it, if it is known by then.
    if (this.book.bind(id, place) && !this.#busy) this.print(`Breakpoint ${id} is set: its file is loaded.`)
  }

  // --- what commands need -----------------------------------------------------------------------------------------

  get commands(): readonly Command[] {
    return [...commandTable, ...this.#added]
  }

  get processes(): readonly DebuggedProcess[] {
    return [...this.#processes.values()]
  }

  get stopped(): readonly number[] {
    return this.#queue.all
  }

  print(text: string): void {
    const column = this.#columnNow()
    const margin = ' '.repeat(column * COLUMN_WIDTH)
    const lines = printable(text)
      .split('\n')
      .map((line) => `${margin}${line}`)
    this.#console?.send({ type: 'print', text: lines.join('\n') })
  }

  current(): DebuggedProcess {
    const pid = this.#queue.current
    const found = pid === undefined ? undefined : this.#processes.get(pid)
    if (!found)
      throw new Error('Nothing is stopped. "pause PID" stops a process, "break" says where to stop.')
    return found
  }

  find(pid: number): DebuggedProcess {
    const found = this.#processes.get(pid)
    if (found) return found
    throw new Error(`${pid} is not debugged: "status" lists the processes of this daemon.`)
  }

  async ask<Answer>(what: string): Promise<Answer> {
    return (await withinTime(process.pid, this.#debugger.ask(`${PROBE}.${what}`))) as Answer
  }

  async tellPlan(): Promise<void> {
    await Promise.all(this.processes.map((process) => this.#configure(process)))
  }

  async #configure({ pid, requests }: DebuggedProcess, plan?: Plan): Promise<void> {
    try {
      const places = await requests.configure(plan ?? this.book.plan(pid === process.pid))
      for (const { id, place } of places) this.book.bind(id, place)
      this.#told.add(pid)
      this.#wake()
    } catch (error) {
      if (this.#processes.has(pid) && !this.#ending)
        this.print(`${this.nameOf(pid)} was not told: ${(error as Error).message}`)
    }
  }

  async go(process: DebuggedProcess, how: Going, abort = false): Promise<void> {
    const { pid, stoppedAt } = process
    process.stop = undefined
    if (how === 'on') this.#queue.remove(pid)
    else {
      this.#queue.step(pid)
      clearTimeout(this.#stepTimer)
      this.#stepTimer = setTimeout(() => this.#onLongStep(pid), STEP_TIME)
    }
    this.#shown = undefined
    await this.#timeGoesOn(pid, stoppedAt)
    await process.requests.resume(how, abort)
  }

  async #timeGoesOn(pid: number, stoppedAt: number): Promise<void> {
    const now = systemClock.now()
    try {
      if (pid !== process.pid) return await this.ask(`thaw(${pid}, ${now})`)
      await this.#leases.release()
      await this.#debugger.ask(`globalThis[Symbol.for('sd.debugTarget')]?.thaw(${now - stoppedAt})`)
    } catch {
      // As when it stopped.
    }
  }

  #onLongStep(pid: number): void {
    if (!this.#queue.stepping) return
    this.#queue.giveUpStep(pid)
    this.print(`${this.nameOf(pid)} runs on: it stops when the step ends.`)
    this.#presentLater()
  }

  async callOf({ pid, stop }: DebuggedProcess): Promise<StopCall | undefined> {
    if (stop?.point?.call) return stop.point.call
    // Code of the daemon runs for no call.
    if (pid === process.pid) return undefined
    if (stop?.call) return stop.call
    try {
      // What the process has said when it began may still be on its way.
      for (let tries = 0; tries < 4; tries++) {
        const calls = await this.ask<CallLine[]>(`callsOf(${pid})`)
        if (calls.length > 0) return calls.length === 1 ? calls[0] : undefined
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    } catch {
      // The daemon cannot answer.
    }
    return undefined
  }

  async pause(pid: number): Promise<void> {
    const processes = await this.#listProcesses()
    if (!this.#processes.has(pid)) {
      if (!processes.some((each) => each.pid === pid)) this.find(pid)
      await this.#reach(pid)
    }
    const found = this.find(pid)
    if (found.stop) throw new Error(`${this.nameOf(pid)} is stopped already: it waits for its turn.`)
    await found.requests.pause()
    if (await this.untilStop(STEP_TIME, () => found.stop !== undefined)) return
    this.print(`${this.nameOf(pid)} runs no JavaScript at the moment: it stops as soon as it does.`)
  }

  /** A process that was stuck when debugging began has no agent yet. */
  async #reach(pid: number): Promise<void> {
    this.print(`${pid} has not answered yet: it is reached through its inspector.`)
    const address = await this.ask<string | null>(`openInspector(${pid})`).then(
      () => this.#untilInspector(pid),
      () => undefined,
    )
    if (!address) throw new Error(`${pid} cannot be reached: its inspector does not open.`)
    await startAgentFromOutside(address, this.#data.socket)
    if (!(await this.untilStop(5000, () => this.#processes.has(pid))))
      throw new Error(`${pid} cannot be reached: no agent starts there.`)
    // The port was needed for this only.
    await this.find(pid).requests.inspect(false)
  }

  #untilInspector(pid: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), 5000)
      this.#inspectorWaiters.set(pid, (address) => {
        clearTimeout(timer)
        this.#inspectorWaiters.delete(pid)
        resolve(address)
      })
    })
  }

  async skipFor(time: number): Promise<void> {
    clearTimeout(this.#skipTimer)
    this.book.paused = true
    this.#skipTimer = setTimeout(() => {
      this.book.paused = false
      void this.tellPlan().then(() => this.print('Stops again.'))
    }, time)
    await this.tellPlan()
    for (const pid of [...this.#queue.all]) {
      const process = this.#processes.get(pid)
      // One that is gone by now holds up none of the others.
      if (process) await this.go(process, 'on').catch((error: Error) => this.print(error.message))
    }
  }

  untilStop(time: number, until = () => this.#queue.current !== undefined): Promise<boolean> {
    if (until()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (answer: boolean): void => {
        clearTimeout(timer)
        this.#stopListeners.delete(look)
        resolve(answer)
      }
      const look = (): void => {
        if (until() || this.#ending) end(!this.#ending)
      }
      const timer = setTimeout(() => end(false), time)
      this.#stopListeners.add(look)
    })
  }

  async log(message: string): Promise<void> {
    await this.ask(`log(${JSON.stringify(message)})`).catch(() => {})
  }

  nameOf(pid: number): string {
    const label = this.#labels.get(pid)
    return label ? `${label.group} ${pid}` : String(pid)
  }

  end(message: string): Promise<void> {
    this.#ending ??= this.#end(message)
    return this.#ending
  }

  // --- what the main thread tells ---------------------------------------------------------------------------------

  onRenewals(renewals: readonly LeaseRenewal[]): void {
    if (this.#processes.get(process.pid)?.stop) void this.#leases.hold(renewals)
  }

  onInspector(pid: number, address: string | undefined): void {
    this.#inspectorWaiters.get(pid)?.(address)
  }

  onCommandEnded(run: number, text: string): void {
    this.#commandRuns.get(run)?.(text)
  }

  onOutput(text: string): void {
    if (this.#console) this.#console.send({ type: 'print', text: printable(text.replace(/\n$/, '')) })
    else this.#tell({ type: 'undelivered', text })
  }

  /** The commands that plugins have added: their code is on the main thread. */
  onCommands(added: readonly AddedCommand[]): void {
    this.#added = added.map(({ name, pattern, flags, help }) => ({
      names: [name],
      usage: name,
      help,
      pattern: new RegExp(pattern, flags),
      run: (_session, match) => this.#runAdded(name, match.input ?? ''),
    }))
  }

  async #runAdded(name: string, rest: string): Promise<void> {
    const run = ++this.#lastRun
    const ended = new Promise<string>((resolve) => this.#commandRuns.set(run, resolve))
    const main = this.find(process.pid)
    const pid = this.#queue.current ?? null
    await this.ask(`runCommand(${run}, ${JSON.stringify(name)}, ${JSON.stringify(rest)}, ${pid})`)
    if (main.stop) {
      this.print('The daemon is stopped: it answers when it goes on.')
      void ended.then((text) => text && this.print(text))
      return
    }
    const text = await ended
    this.#commandRuns.delete(run)
    if (text !== '') this.print(text)
  }

  // --- one prompt at a time ---------------------------------------------------------------------------------------

  /** Shows the stop whose turn it is, and has the console ask for a line. @param again - also when nothing is new. */
  async #present(again = false): Promise<void> {
    if (this.#ending || !this.#console || this.#queue.stepping) return
    const pid = this.#queue.current
    const process = pid === undefined ? undefined : this.#processes.get(pid)
    const stop = process?.stop
    if (process && stop && this.#shown !== stop) {
      this.#shown = stop
      await this.#show(process, stop)
      // Meanwhile it may have gone on, or away.
      if (process.stop !== stop || this.#queue.current !== pid) return this.#present(again)
    } else if (!stop && this.#prompt !== this.#idlePrompt) {
      this.#shown = undefined
      this.#prompt = this.#idlePrompt
    } else if (!again && this.#prompted) return
    this.#prompted = true
    this.#console.send({ type: 'prompt', text: this.#margin(stop) + this.#prompt, turn: this.#taken })
  }

  get #idlePrompt(): string {
    return `[${this.name} ${process.pid}] > `
  }

  async #show(debugged: DebuggedProcess, stop: Stop): Promise<void> {
    const [label, call] = await Promise.all([this.#labelOf(debugged.pid), this.callOf(debugged)])
    this.#callShown = call
    if (this.#callShown) await this.#forgetColumns()
    this.#prompt = describePrompt(label, stop, call)
    this.print(describeStop(stop, this.directory))
  }

  /** Columns of calls that are over are free again. */
  async #forgetColumns(): Promise<void> {
    const calls = await this.ask<CallLine[]>('calls()').catch(() => undefined)
    if (!calls) return
    const open = calls.filter(({ settled }) => !settled).map(({ pool, id }) => `${pool}#${id}`)
    this.#columns.keep(new Set(open))
  }

  #columnNow(): number {
    if (!this.indent || !this.#callShown || this.#shown === undefined) return 0
    return this.#columns.of(`${this.#callShown.pool}#${this.#callShown.id}`)
  }

  #margin(stop: Stop | undefined): string {
    return stop ? ' '.repeat(this.#columnNow() * COLUMN_WIDTH) : ''
  }

  async #labelOf(pid: number): Promise<ProcessLabel> {
    if (!this.#labels.has(pid)) await this.#listProcesses()
    return this.#labels.get(pid) ?? { group: 'process', pid, letter: '?' }
  }

  async #listProcesses(): Promise<DebugProcess[]> {
    const processes = await this.ask<DebugProcess[]>('processes()').catch(() => [])
    for (const { pid, group, role } of processes) {
      this.#labels.set(pid, { group, pid, letter: LETTERS[role] ?? role.slice(0, 1).toUpperCase() })
    }
    return processes
  }

  #wake(): void {
    for (const look of [...this.#stopListeners]) look()
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  async #end(message: string): Promise<void> {
    clearTimeout(this.#lonelyTimer)
    clearTimeout(this.#skipTimer)
    clearTimeout(this.#stepTimer)
    this.#wake()
    this.book.clear()
    await Promise.all(
      this.processes.map(async (each) => {
        await this.#configure(each)
        if (each.stop) await this.go(each, 'on').catch(() => {})
      }),
    )
    await this.log(`debugging has ended: ${message}`)
    this.#console?.send({ type: 'end', message })
    this.#console?.end()
    for (const remote of this.#remotes.values()) remote.dismiss()
    this.#tell({ type: 'ended' })
  }

  /** Lets go of the main thread. */
  async close(): Promise<void> {
    clearTimeout(this.#lonelyTimer)
    clearTimeout(this.#skipTimer)
    clearTimeout(this.#stepTimer)
    await this.#leases.release()
    await this.#debugger.close()
    // The daemon has not waited for whoever is at the prompt.
    if (!this.#ending)
      this.#console?.send({ type: 'end', message: 'Debugging has ended: the daemon is stopping.' })
    this.#ending ??= Promise.resolve()
    // Commands that wait do so no longer: their timers would keep this thread.
    this.#wake()
    for (const socket of this.#sockets) socket.destroySoon()
  }
}
