import type { Deadline, PluginHost, Timer } from '@sd/core'
import { PausableClock, toError } from '@sd/core'
import { identify, type ProcessIdentity, signalProcess } from '@sd/core/process-identity'
import { encodeFrame } from './channel/frame-encoder.ts'
import { type ReceivedKind, readFrames } from './channel/frame-reader.ts'
import { FrameWriter } from './channel/frame-writer.ts'
import { closeSharedFiles, createSharedFiles, type SharedFiles } from './channel/shared-files.ts'
import type { Attachment } from './child/attachments.ts'
import type { Child, ChildExit } from './child.ts'
import {
  type ChildFacts,
  diedError,
  notReadyError,
  protocolError,
  spawnError,
  startFailedError,
} from './child-errors.ts'
import { type ChildInput, type ChildState, nextChildState } from './child-state.ts'
import { CHURN_YOUTH } from './churn.ts'
import { isFlatError } from './exchange/flat-error.ts'
import { reviveError } from './exchange/revive-error.ts'
import { INSPECTOR_LINE, INSPECTOR_WORD, readInspectorStack } from './inspector-stack.ts'
import { climbKillLadder } from './kill-ladder.ts'
import type { LaunchedProcess } from './launched-process.ts'
import type { Launcher } from './launcher.ts'
import { LineSplitter } from './line-splitter.ts'
import type { ResolvedChildSpec } from './options.ts'
import { waitForOutputEnd } from './output-end.ts'
import { OutputTail } from './output-tail.ts'
import { isOwnInspector } from './own-inspector.ts'
import { sweepGroup } from './process-group.ts'

/** Milliseconds in which a child that closed its pipes must be gone: pipes close a moment before the exit. */
const CLOSED_PIPE_GRACE = 1_000

/** How a child's end is to be judged. */
export interface ChildEnd {
  readonly exit: ChildExit
  /** Nobody asked for it, and it had done nothing yet. */
  readonly diedYoung: boolean
  /** Whether its spec asks for a successor. */
  readonly wantsSuccessor: boolean
}

/** What a child needs to know of its manager. */
export interface ChildSurroundings {
  readonly host: PluginHost
  readonly launcher: Launcher
  /** What a debugger wants to have in every child. */
  attachments(): Iterable<Attachment>
  /** Its process runs; by the return of the constructor, or later. */
  onStarted(child: ManagedChild): void
  /** It leaves its group. @returns its number in the other one. */
  onAssigned(child: ManagedChild, group: string): number
  /** It runs, and is not held in reserve any more. */
  onAnnounced(child: ManagedChild): void
  /** It did useful work. */
  onProved(child: ManagedChild): void
  /** The process is dead; its slot is free. */
  onDead(child: ManagedChild): void
  /** All it had written is read; called before `exited` resolves. */
  onEnd(child: ManagedChild, end: ChildEnd): void
}

/** One child process, from spawn until all it had written is read. */
export class ManagedChild implements Child {
  readonly id: number
  readonly spec: ResolvedChildSpec
  readonly clock: PausableClock
  readonly ready: Promise<void>
  readonly exited: Promise<ChildExit>

  readonly #surroundings: ChildSurroundings
  readonly #title: string
  #group: string
  #index: number
  #reserved: boolean
  /** By the daemon's clock. */
  readonly spawnedAt: number
  #process: LaunchedProcess | undefined
  #identity: ProcessIdentity | undefined
  #writer: FrameWriter | undefined
  /** What is to be done as soon as there is a process. */
  #beforeStart: (() => void)[] | undefined
  readonly #shared: SharedFiles | undefined
  readonly #output: OutputTail = new OutputTail()
  readonly #endings: (() => void)[] = []
  #settleReady!: { resolve: () => void; reject: (error: Error) => void }
  #settleExited!: (exit: ChildExit) => void
  #state: ChildState = 'spawning'
  #readyAt: number | undefined
  /** Whether it cannot outlive the daemon any more; with the kernel's help from the first moment. */
  #protected = true
  #diedAt: number | undefined
  #bytesRead = 0
  #proved = false
  #doomed = false
  #end: 'unexpected' | 'killed' | 'drained' = 'unexpected'
  #failure: Error | undefined
  /** Whatever else it says is of no interest. */
  #stopReading = (): void => {}
  #isSharing = false
  /** Set while the child's stack is read: what Node then prints about its inspector is not for the log. */
  #onInspectorLine: ((address: string | undefined) => void) | undefined
  /** Of its inspector, once that has said it. */
  #inspectorAddress: string | undefined

  /**
   * @throws DOMException `DataCloneError` when structured clone does not take `initial`; nothing was started.
   */
  constructor(surroundings: ChildSurroundings, spec: ResolvedChildSpec, id: number, index: number) {
    const { host, launcher } = surroundings
    const initial = encodeFrame('initial', spec.initial)
    this.id = id
    this.#group = spec.group
    this.#index = index
    this.#reserved = spec.reserve
    this.spec = spec
    this.clock = new PausableClock(host.clock)
    this.#surroundings = surroundings
    this.#title = spec.title ?? `sd ${host.name}: ${spec.group} #${index}`
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    this.ready.catch(() => {})
    this.exited = new Promise((resolve) => {
      this.#settleExited = resolve
    })
    this.spawnedAt = host.clock.now()
    this.#shared = createSharedFiles()
    const launched = launcher.launch(spec, {
      title: this.#title,
      priority: host.priority,
      shared: this.#shared,
    })
    if (launched instanceof Promise) {
      this.#beforeStart = []
      launched.then((result) => {
        if (result instanceof Error) return this.#neverRan(result)
        this.#begin(result, initial)
        surroundings.onStarted(this)
      }, this.#neverRan)
    } else {
      this.#begin(launched, initial)
    }
    const lateStart = this.clock.after(spec.readyTimeout, () => {
      if (this.#readyAt === undefined || !this.#protected) this.#fail(this.#notReady())
    })
    this.#endings.push(() => lateStart.cancel())
  }

  get group(): string {
    return this.#group
  }

  get index(): number {
    return this.#index
  }

  /** Whether nobody needs to know of it yet. */
  get reserved(): boolean {
    return this.#reserved
  }

  /** Undefined until there is a process, and when the system refused it. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  get identity(): ProcessIdentity | undefined {
    return this.#identity
  }

  get state(): ChildState {
    return this.#state
  }

  get buffered(): number {
    return this.#writer?.buffered ?? 0
  }

  /** Milliseconds since it was spawned. */
  get uptime(): number {
    return (this.#diedAt ?? this.#surroundings.host.clock.now()) - this.spawnedAt
  }

  send(message: unknown, ownLevels?: number): boolean {
    if (this.#doomed || this.#state === 'exited') return false
    if (this.#beforeStart) {
      const frame = encodeFrame('message', message)
      this.#beforeStart.push(() => this.#writer?.write(frame))
      return true
    }
    return this.#writer?.send(message, ownLevels) ?? false
  }

  prove(): void {
    this.#proved = true
    this.#surroundings.onProved(this)
  }

  assign(group: string): void {
    if (!this.#reserved) throw new Error(`The child ${this.#title} is not held in reserve: it has its group.`)
    if (this.#state === 'exited') return
    this.#index = this.#surroundings.onAssigned(this, group)
    this.#group = group
    this.#reserved = false
    if (this.pid !== undefined) this.#surroundings.onAnnounced(this)
  }

  drain(deadline?: Deadline): Promise<ChildExit> {
    if (this.#state === 'exited') return this.exited
    if (this.#end !== 'drained') this.#whenStarted(() => this.#writer?.write(encodeFrame('drain')))
    this.#whenStarted(() => this.#writer?.flush())
    this.#end = 'drained'
    this.#move('drain')
    if (deadline) {
      const { host } = this.#surroundings
      this.#endings.push(
        climbKillLadder(host.clock, deadline, this.spec.killAfter, (signal) => this.#signal(signal)),
      )
    }
    return this.exited
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ChildExit> {
    if (this.#state === 'exited') return this.exited
    if (this.#end === 'unexpected') this.#end = 'killed'
    this.#doom(signal)
    return this.exited
  }

  condemn(cause: Error): void {
    // One message that means nothing is enough: a million of them must not be looked at.
    this.#stopReading()
    this.#fail(protocolError(this.#facts(), 'sent a message that means nothing', cause))
  }

  /** Has a debugger's module imported. One that has no process yet finds it there when it begins. */
  attach(attachment: Attachment): void {
    this.#tell('attach', attachment)
  }

  /** @param id - of the attachment. */
  detach(id: number): void {
    this.#tell('detach', id)
  }

  readStack(within: number, lastAct?: string): Promise<string | undefined> {
    return this.#withInspector(within, (address, signal) => readInspectorStack(address, signal, lastAct))
  }

  /** Starts its inspector, if need be. @returns where it listens; undefined when it does not, or not in time. */
  openInspector(within: number): Promise<string | undefined> {
    return this.#withInspector(within, async (address) => address)
  }

  async #withInspector(
    within: number,
    use: (address: string, signal: AbortSignal) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const ended = new AbortController()
    const end = (): void => ended.abort()
    this.#endings.push(end)
    const timer = this.#surroundings.host.clock.after(within, end)
    try {
      const told = this.#inspectorAddress
      const isTrue = told !== undefined && (await isOwnInspector(told))
      const address = isTrue ? told : await this.#startInspector(ended.signal)
      if (address === undefined || !(isTrue || (await isOwnInspector(address)))) return undefined
      return await use(address, ended.signal)
    } catch {
      // A stack is a courtesy: whatever is in its way must not stop what is done because the child is stuck.
      return undefined
    } finally {
      timer.cancel()
    }
  }

  async #startInspector(signal: AbortSignal): Promise<string | undefined> {
    const address = new Promise<string | undefined>((resolve) => {
      this.#onInspectorLine = (found) => found !== undefined && resolve(found)
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    // Through the identity: SIGUSR1 would end a process that is no Node, or no longer ours.
    if (!this.identity || !signalProcess(this.identity, 'SIGUSR1')) return undefined
    return address
  }

  #tell(kind: 'attach' | 'detach', message: unknown): void {
    if (this.#doomed || this.#state === 'exited' || !this.#writer) return
    this.#writer.write(encodeFrame(kind, message))
    this.#writer.flush()
  }

  /** Now, or as soon as there is a process. */
  #whenStarted(act: () => void): void {
    if (this.#beforeStart) this.#beforeStart.push(act)
    else act()
  }

  #move(input: ChildInput): void {
    this.#state = nextChildState(this.#state, input)
  }

  /** No work any more, and none of what waits to be sent matters. */
  #doom(signal: NodeJS.Signals): void {
    this.#doomed = true
    this.#move('die')
    this.#signal(signal)
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    if (this.#state !== 'exited') this.#doom('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#state === 'exited') return
    if (this.#process) this.#process.signalGroup(signal)
    else this.#beforeStart?.push(() => this.#signal(signal))
  }

  #after(delay: number, action: () => void): void {
    const timer: Timer = this.#surroundings.host.clock.after(delay, action)
    this.#endings.push(() => timer.cancel())
  }

  #begin(launched: LaunchedProcess, initial: Buffer): void {
    this.#process = launched
    // Without it only its leftovers are not swept.
    this.#identity = identify(launched.pid)
    this.#writer = new FrameWriter(launched.down)
    this.#follow(launched)
    for (const attachment of this.#surroundings.attachments()) {
      this.#writer.write(encodeFrame('attach', attachment))
    }
    this.#writer.write(initial)
    this.#writer.flush()
    const waiting = this.#beforeStart ?? []
    this.#beforeStart = undefined
    for (const act of waiting) act()
  }

  #follow(launched: LaunchedProcess): void {
    const { down, up, stdout, stderr } = launched
    for (const stream of [down, up, stdout, stderr]) stream.on('error', () => {})
    this.#followGuard(launched.guard)
    for (const stream of [up, stdout, stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#bytesRead += chunk.length
      })
    }
    const writer = this.#writer!
    this.#stopReading = readFrames(up, {
      shared: this.#shared?.up,
      onFrame: this.#receive,
      onTaken: (places) => writer.sendTaken(places),
      onReleased: (places) => writer.release(places),
      onNonsense: (cause) =>
        this.#fail(protocolError(this.#facts(), 'sent something that is not a message', cause)),
    })
    for (const pipe of [down, up]) pipe.once('close', () => this.#pipeClosed())
    this.#followOutput(stdout, 'stdout')
    this.#followOutput(stderr, 'stderr')
    launched.onExit((code, signal) => this.#died(code, signal))
  }

  #followOutput(stream: LaunchedProcess['stdout'], name: 'stdout' | 'stderr'): void {
    const lines = new LineSplitter((line) => this.#printed(line, name))
    const goOn = (): void => {
      if (lines.proceed()) stream.resume()
      else setImmediate(goOn)
    }
    stream.on('data', (chunk: Buffer) => {
      this.#output.push(chunk)
      if (lines.push(chunk)) return
      // What prints faster than its lines can be logged waits, and nothing else does.
      stream.pause()
      setImmediate(goOn)
    })
    stream.once('close', () => lines.end())
  }

  #printed(message: string, name: 'stdout' | 'stderr'): void {
    const { host } = this.#surroundings
    const inspector = INSPECTOR_WORD.test(message) ? message.match(INSPECTOR_LINE) : undefined
    if (inspector) {
      this.#inspectorAddress = inspector[1] ?? this.#inspectorAddress
      if (this.#onInspectorLine) return this.#onInspectorLine(inspector[1])
    }
    let wanted: boolean | undefined
    try {
      wanted = this.spec.onStdio?.(message, this, name) ?? undefined
    } catch (error) {
      this.#handlerFailed(error)
    }
    // stderr is where well-behaved programs put their messages: it does not make them errors.
    if (wanted !== false) host.record({ pid: this.pid!, label: this.group, level: 'info', message })
  }

  #receive = (kind: ReceivedKind, message: unknown): void => {
    if (kind === 'message') {
      try {
        this.spec.onMessage?.(message, this)
      } catch (error) {
        this.#handlerFailed(error)
      }
    } else if (kind === 'ready') this.#becameReady()
    else if (kind === 'sharing' && this.#shared && !this.#isSharing) {
      this.#isSharing = true
      this.#writer?.share(this.#shared.down)
    } else if (kind === 'failed' && isFlatError(message)) {
      // It ends by itself, with this already known. Should it not, the group is killed in a moment.
      this.#failure ??= startFailedError(this.#facts(), reviveError(message))
      this.#doomed = true
      this.#move('die')
      this.#after(this.spec.killAfter, () => this.#signal('SIGKILL'))
    } else this.condemn(new Error(`A child has no frame "${kind}" to send there.`))
  }

  /** A handler that throws must not stop the reading. */
  #handlerFailed(error: unknown): void {
    this.#surroundings.host.error(toError(error), this.group)
  }

  #followGuard(guard: LaunchedProcess['guard']): void {
    if (!guard) return
    this.#protected = false
    guard.on('error', () => {})
    guard.once('data', () => {
      this.#protected = true
      if (this.#readyAt !== undefined) this.#becameUsable()
    })
  }

  #becameReady(): void {
    if (this.#readyAt !== undefined) return
    this.#readyAt = this.#surroundings.host.clock.now()
    if (this.#protected) this.#becameUsable()
  }

  /** Ready, and not able to outlive the daemon: before that it must not be given work. */
  #becameUsable(): void {
    this.#move('ready')
    if (this.#state === 'ready') this.#settleReady.resolve()
  }

  #pipeClosed(): void {
    if (this.#state === 'exited') return
    this.#after(CLOSED_PIPE_GRACE, () =>
      this.#fail(protocolError(this.#facts(), 'closed its pipe to the daemon')),
    )
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    this.#diedAt = this.#surroundings.host.clock.now()
    this.#move('exit')
    for (const end of this.#endings.splice(0)) end()
    if (this.identity) sweepGroup(this.identity)
    this.#surroundings.onDead(this)
    void this.#readRest(code, signal)
  }

  async #readRest(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { down, up, stdout, stderr, guard } = this.#process!
    await waitForOutputEnd([up, stdout, stderr], this.#surroundings.host.clock, () => this.#bytesRead)
    for (const stream of [down, up, stdout, stderr, guard]) stream?.destroy()
    // What the streams still tell, such as the rest of a line, comes with their 'close'.
    setImmediate(() => this.#finish(code, signal))
  }

  #neverRan = (cause: Error): void => {
    this.#beforeStart = undefined
    for (const end of this.#endings.splice(0)) end()
    this.#diedAt = this.#surroundings.host.clock.now()
    this.#move('exit')
    this.#failure ??= spawnError(this.#facts(), toError(cause))
    this.#surroundings.onDead(this)
    this.#finish(null, null)
  }

  #finish(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#shared) closeSharedFiles(this.#shared)
    const startedReady = this.#readyAt !== undefined
    const error = this.#failure
    const exit: ChildExit = {
      code,
      signal,
      lastOutput: this.#output.toString(),
      ...(error && { error }),
      startedReady,
      lifetime: this.uptime,
    }
    this.#surroundings.onEnd(this, {
      exit,
      diedYoung: this.#diedYoung(),
      wantsSuccessor: this.#wantsSuccessor(exit),
    })
    // It may have said that it is ready just before its end.
    if (startedReady && !error) this.#settleReady.resolve()
    else this.#settleReady.reject(error ?? diedError(this.#facts(), exit))
    this.#settleExited(exit)
  }

  #diedYoung(): boolean {
    if (this.#end !== 'unexpected') return false
    if (this.#readyAt === undefined) return true
    return !this.#proved && this.#diedAt! - this.#readyAt < CHURN_YOUTH
  }

  #wantsSuccessor({ code, error }: ChildExit): boolean {
    const { restart } = this.spec
    if (restart === 'never' || this.#end === 'drained') return false
    return restart === 'always' || (this.#end === 'unexpected' && (code !== 0 || error !== undefined))
  }

  #notReady(): Error {
    return notReadyError(this.#facts(), this.spec.readyTimeout, this.#output.toString())
  }

  #facts(): ChildFacts {
    return { title: this.#title, group: this.group, pid: this.pid }
  }
}
