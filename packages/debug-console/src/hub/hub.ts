import type { Server } from 'node:net'
import { stripVTControlCharacters } from 'node:util'
import { type DebugProcess, type LeaseRenewal, systemClock } from '@sd/core'
import type { Command, DebugSession } from '../commands/command.ts'
import { commandTable } from '../commands/command-table.ts'
import { completeLine, runLine } from '../commands/run-line.ts'
import type { JsonLines } from '../protocol/json-lines.ts'
import type {
  AgentRequest,
  FromAgent,
  FromConsole,
  Going,
  Place,
  Plan,
  ProcessEvents,
  Stop,
  StopCall,
  ToConsole,
} from '../protocol/messages.ts'
import type { AddedCommand, FromHub, HubData } from '../protocol/thread-messages.ts'
import type { CallLine } from '../target/daemon-view.ts'
import { Connections, type Visitor } from './connections.ts'
import { type DebuggedProcess, RemoteProcess } from './debugged-process.ts'
import { MainProcess } from './main-process.ts'
import { PlanBook } from './plan-book.ts'
import { PluginCommands } from './plugin-commands.ts'
import { isUsersRole, ProcessLabels } from './process-labels.ts'
import { Prompter, type PromptSubject } from './prompter.ts'
import { StopQueue } from './stop-queue.ts'
import { StoppedTime } from './stopped-time.ts'
import { StuckProcesses } from './stuck-processes.ts'
import { Watch } from './watch.ts'

/** Milliseconds that a step may take before others get the prompt. */
const STEP_TIME = 500

/** Milliseconds that a person waits for what the daemon's log is told: it is written all the same. */
const LOG_TIME = 200

/** Milliseconds in which processes are let go of before the console ends. */
const RELEASE_TIME = 500

/** Milliseconds until somebody must have connected. */
const LONELY_TIME = 15_000

/** Milliseconds until an agent that was started from outside must be there. */
const AGENT_TIME = 10_000

/** Milliseconds that processes have to come before the first prompt. */
const GATHERING_TIME = 3000

/** Where all that is debugged comes together: one console, and the processes that it is about, one at a time. */
export class Hub implements DebugSession, PromptSubject {
  readonly book: PlanBook
  readonly name: string
  readonly directory: string
  readonly labels: ProcessLabels
  readonly #foreground: boolean
  readonly #tell: (message: FromHub) => void
  readonly #queue = new StopQueue()
  readonly #watch = new Watch()
  readonly #main: MainProcess
  readonly #time: StoppedTime
  readonly #stuck: StuckProcesses
  readonly #plugins: PluginCommands
  readonly #connections: Connections
  readonly #prompter: Prompter
  readonly #processes = new Map<number, DebuggedProcess>()
  readonly #remotes = new Map<number, RemoteProcess>()
  /** Those that know where to stop. */
  readonly #told = new Set<number>()
  /** What is done at the console, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #lastLine = ''
  /** What the prompt was about at which the line was typed that is being run; undefined: it was typed ahead. */
  #lineSubject: { readonly pid: number | undefined } | undefined
  #busy = false
  #stepTimer: NodeJS.Timeout | undefined
  #skipTimer: NodeJS.Timeout | undefined
  #lonelyTimer: NodeJS.Timeout
  #ending: Promise<void> | undefined

  constructor({ name, directory, socket, points, foreground }: HubData, tell: (message: FromHub) => void) {
    this.#tell = tell
    this.name = name
    this.directory = directory
    this.#foreground = foreground
    this.book = new PlanBook(points)
    this.#main = new MainProcess(this.#eventsOf(process.pid))
    this.labels = new ProcessLabels(this.#main, name)
    this.#time = new StoppedTime(this.#main)
    this.#stuck = new StuckProcesses(this.#main, socket)
    this.#plugins = new PluginCommands(this.#main)
    this.#prompter = new Prompter(this)
    this.#connections = new Connections({
      onAgent: (pid, lines) => this.#addAgent(pid, lines),
      onConsole: (pid, lines) => this.#addConsole(pid, lines),
    })
    this.#lonelyTimer = setTimeout(() => void this.end('Nobody has come.'), LONELY_TIME)
  }

  /** Begins to debug the daemon's own process, and to take connections. */
  async open(server: Server): Promise<void> {
    await this.#main.open()
    this.#processes.set(this.#main.pid, this.#main)
    await this.tellPlan()
    this.#connections.listen(server)
  }

  // --- who connects -----------------------------------------------------------------------------------------------

  #addAgent(pid: number, lines: JsonLines<FromAgent, AgentRequest>): Visitor<FromAgent> | undefined {
    if (this.#ending || this.#remotes.has(pid)) return undefined
    const remote = new RemoteProcess(pid, lines)
    this.#remotes.set(pid, remote)
    const { requests } = remote
    const process: DebuggedProcess = { pid, requests, stop: undefined, frame: 0, stoppedAt: 0 }
    this.#processes.set(pid, process)
    const events = this.#eventsOf(pid)
    void this.#configure(process)
    return {
      receive: (message) => remote.receive(message, events),
      leave: () => this.#onGone(process, remote),
    }
  }

  #addConsole(pid: number, lines: JsonLines<FromConsole, ToConsole>): Visitor<FromConsole> | string {
    if (this.#ending) return 'Debugging is about to end: try again.'
    if (this.#prompter.console) return 'Another console debugs this daemon.'
    clearTimeout(this.#lonelyTimer)
    this.#prompter.console = lines
    this.#tell({ type: 'arrived' })
    lines.send({ type: 'welcome', name: this.name, pid: this.#main.pid })
    void this.log(`debugging: a console has come (pid ${pid})`)
    this.print(this.#greeting())
    this.#enqueue(async () => {
      await this.#untilAllAreHere()
      await this.#prompter.present()
    })
    return {
      receive: (message) => this.#onConsole(message),
      leave: () => {
        this.#prompter.console = undefined
        void this.end('The console has gone away.')
      },
    }
  }

  /** The processes that are there have been told to come; one that is stuck will not. */
  async #untilAllAreHere(): Promise<void> {
    const isHere = ({ pid, role, state }: DebugProcess): boolean =>
      this.#told.has(pid) || !['spawning', 'ready'].includes(state) || !isUsersRole(role)
    const processes = await this.labels.list()
    const all = (): boolean => processes.every(isHere)
    await this.#watch.until(GATHERING_TIME, all)
  }

  #greeting(): string {
    const points = Object.keys(this.book.plan(false).points).length
    const where = points > 0 ? `Stops at: ${this.book.plan(false).points.join(', ')}.` : 'Stops nowhere yet.'
    return `Debugging ${this.name} (pid ${process.pid}). ${where} "break" has more, "help" lists all commands.`
  }

  #onConsole(message: FromConsole): void {
    if (message.type === 'line')
      this.#takeLine(String(message.text), this.#prompter.subjectOf(message.prompt))
    else if (message.type === 'complete') {
      const names = completeLine(this, String(message.text))
      this.#prompter.console?.send({ type: 'completions', id: message.id, names })
    } else if (message.type === 'interrupt') this.#takeAtOnce(this.#foreground ? 'shutdown' : 'end')
    else if (message.type === 'end') this.#takeAtOnce('end')
  }

  /** Whoever wants to leave does not wait for the command that takes so long. */
  #takeAtOnce(command: string): void {
    this.#prompter.onLine()
    void runLine(this, command).then(() => this.#enqueue(() => this.#prompter.present(true)))
  }

  /** One command after the other. */
  #takeLine(text: string, subject: { readonly pid: number | undefined } | undefined): void {
    this.#prompter.onLine()
    this.#enqueue(async () => {
      this.#busy = true
      this.#lineSubject = subject
      try {
        await this.#runLine(text)
      } finally {
        this.#busy = false
        this.#lineSubject = undefined
      }
      await this.#prompter.present(true)
    })
  }

  /** What is shown at the console comes about one after the other. */
  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#ending ? undefined : work())).catch(() => {})
  }

  #presentLater(): void {
    this.#enqueue(() => this.#prompter.present())
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
      onUnmet: (id, error) => {
        if (this.book.reportUnmet(id))
          this.print(`Breakpoint ${id} does not stop in ${this.nameOf(pid)}: its condition throws ${error}.`)
      },
    }
  }

  async #onStop(process: DebuggedProcess, stop: Stop): Promise<void> {
    process.stop = stop
    process.frame = stop.frame?.number ?? 0
    process.stoppedAt = systemClock.now()
    if (this.#ending) return this.go(process, 'on')
    const captured = stop.point?.name === 'return' && stop.point.call
    if (captured) this.book.release(`${captured.pool}#${captured.id}`)
    await this.#time.standStill(process)
    // That takes a while if the daemon is busy. Meanwhile it may have gone on, or away: then it is nobody's turn.
    if (process.stop !== stop || this.#processes.get(process.pid) !== process) return
    this.#queue.add(process.pid)
    // Somebody else's step may go on for ever: that one's time still runs.
    if (!this.#queue.stepping) clearTimeout(this.#stepTimer)
    this.#watch.look()
    this.#presentLater()
  }

  /** It goes on, and nobody here has said so. */
  #onGoing(process: DebuggedProcess): void {
    const { stoppedAt } = process
    process.stop = undefined
    this.#queue.remove(process.pid)
    void this.#time.goOn(process.pid, stoppedAt)
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
      void this.#time.goOn(process.pid, process.stoppedAt)
    }
    this.#presentLater()
  }

  #onBound(id: number, place: Place): void {
    // The answer to `break` tells of it, if it is known by then.
    if (this.book.bind(id, place) && !this.#busy) this.print(`Breakpoint ${id} is set: its file is loaded.`)
  }

  // --- what commands need -----------------------------------------------------------------------------------------

  get commands(): readonly Command[] {
    return [...commandTable, ...this.#plugins.all]
  }

  get processes(): readonly DebuggedProcess[] {
    return [...this.#processes.values()]
  }

  get stopped(): readonly number[] {
    return this.#queue.all
  }

  get indent(): boolean {
    return this.#prompter.indent
  }

  set indent(indent: boolean) {
    this.#prompter.indent = indent
  }

  print(text: string): void {
    this.#prompter.print(text)
  }

  subject(): DebuggedProcess | undefined {
    const { turn } = this
    const asked = this.#lineSubject
    if (!asked || asked.pid === turn?.pid) return turn
    if (asked.pid === undefined) return undefined
    throw new Error(`${this.nameOf(asked.pid)} does not have the prompt any more: nothing is done.`)
  }

  current(): DebuggedProcess {
    const found = this.subject()
    if (found) return found
    if (this.turn) throw new Error(`${this.nameOf(this.turn.pid)} has stopped meanwhile: nothing is done.`)
    throw new Error('Nothing is stopped. "pause PID" stops a process, "break" says where to stop.')
  }

  find(pid: number): DebuggedProcess {
    const found = this.#processes.get(pid)
    if (found) return found
    throw new Error(`${pid} is not debugged: "status" lists the processes of this daemon.`)
  }

  ask<Answer>(what: string, awaitPromise = false): Promise<Answer> {
    return this.#main.ask(what, awaitPromise)
  }

  async tellPlan(): Promise<void> {
    await Promise.all(this.processes.map((process) => this.#configure(process)))
  }

  async #configure({ pid, requests }: DebuggedProcess, plan?: Plan): Promise<void> {
    try {
      const places = await requests.configure(plan ?? this.book.plan(pid === process.pid))
      for (const { id, place } of places) this.book.bind(id, place)
      this.#told.add(pid)
      this.#watch.look()
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
    this.#prompter.forget()
    await this.#time.goOn(pid, stoppedAt)
    await process.requests.resume(how, abort)
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
    if (!this.#processes.has(pid)) {
      const processes = await this.labels.list()
      if (!processes.some((each) => each.pid === pid)) this.find(pid)
      await this.#reach(pid)
    }
    const found = this.find(pid)
    if (found.stop) throw new Error(`${this.nameOf(pid)} is stopped already: it waits for its turn.`)
    // In native code it takes notice only afterwards.
    found.requests.pause().catch(() => {})
    if (await this.#watch.until(STEP_TIME, () => found.stop !== undefined)) return
    this.print(`${this.nameOf(pid)} runs no JavaScript at the moment: it stops as soon as it does.`)
  }

  /** A process that was stuck when debugging began has no agent yet. */
  async #reach(pid: number): Promise<void> {
    this.print(`${pid} has not answered yet: it is reached through its inspector.`)
    await this.#stuck.reach(pid)
    if (!(await this.#watch.until(AGENT_TIME, () => this.#processes.has(pid))))
      throw new Error(`${pid} cannot be reached: no agent starts there.`)
    // The port was needed for this only.
    await this.find(pid).requests.inspect(false)
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

  untilStop(time: number): Promise<boolean> {
    return this.#watch.until(time, () => this.turn !== undefined)
  }

  async log(message: string): Promise<void> {
    await noLongerThan(LOG_TIME, this.ask(`log(${JSON.stringify(message)})`))
  }

  nameOf(pid: number): string {
    return this.labels.nameOf(pid)
  }

  end(message: string): Promise<void> {
    this.#ending ??= this.#end(message)
    return this.#ending
  }

  // --- what the main thread tells ---------------------------------------------------------------------------------

  onRenewals(renewals: readonly LeaseRenewal[]): void {
    this.#time.onRenewals(renewals)
  }

  onInspector(pid: number, address: string | undefined): void {
    this.#stuck.onInspector(pid, address)
  }

  onCommands(added: readonly AddedCommand[]): void {
    this.#plugins.set(added)
  }

  onCommandEnded(run: number, text: string): void {
    this.#plugins.onEnded(run, text)
  }

  /** On a terminal of its own a program may print in colours; at the console it has none. */
  onOutput(text: string): void {
    const { console } = this.#prompter
    if (console) console.send({ type: 'print', text: stripVTControlCharacters(text.replace(/\n$/, '')) })
    else this.#tell({ type: 'undelivered', text })
  }

  // --- what the prompt is about -----------------------------------------------------------------------------------

  get idlePrompt(): string {
    return `[${this.name} ${this.#main.pid}] > `
  }

  get isHeld(): boolean {
    return this.#ending !== undefined || this.#queue.stepping
  }

  get turn(): DebuggedProcess | undefined {
    const pid = this.#queue.current
    return pid === undefined ? undefined : this.#processes.get(pid)
  }

  async openCalls(): Promise<ReadonlySet<string> | undefined> {
    const calls = await this.ask<CallLine[]>('calls()').catch(() => undefined)
    return calls && new Set(calls.filter(({ settled }) => !settled).map(({ pool, id }) => `${pool}#${id}`))
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  async #end(message: string): Promise<void> {
    this.#clearTimers()
    this.book.clear()
    const released = this.processes.map(async (each) => {
      await this.#configure(each)
      if (each.stop) await this.go(each, 'on').catch(() => {})
    })
    // One in native code hears of it afterwards.
    await noLongerThan(RELEASE_TIME, Promise.all(released))
    await this.log(`debugging has ended: ${message}`)
    this.#prompter.console?.send({ type: 'end', message })
    this.#prompter.console?.end()
    for (const remote of this.#remotes.values()) remote.dismiss()
    // Where the main thread hangs this thread stays: it must not let go on what the next one pauses.
    await noLongerThan(RELEASE_TIME, this.#main.close())
    this.#tell({ type: 'ended' })
  }

  /** Lets go of the main thread. */
  async close(): Promise<void> {
    this.#clearTimers()
    await this.#time.close()
    await this.#main.close()
    // The daemon has not waited for whoever is at the prompt.
    const message = 'Debugging has ended: the daemon is stopping.'
    if (!this.#ending) this.#prompter.console?.send({ type: 'end', message })
    this.#ending ??= Promise.resolve()
    this.#connections.close()
  }

  /** Commands that wait do so no longer, too: their timers would keep this thread. */
  #clearTimers(): void {
    clearTimeout(this.#lonelyTimer)
    clearTimeout(this.#skipTimer)
    clearTimeout(this.#stepTimer)
    this.#watch.end()
  }
}

/** Resolves when the work is done, or when it takes longer. */
async function noLongerThan(time: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, time)
  })
  await Promise.race([work.catch(() => {}), over])
  clearTimeout(timer)
}
