import { SdError, toError } from '@sd/core'
import { type ProcessIdentity, readIdentity, signalProcess, wouldEndUnheard } from '@sd/core/process-identity'
import { muteError, notRunningError } from '../daemons/ask-daemon.ts'
import { belongsTo } from '../daemons/process-of-daemon.ts'
import { isSeen, type Sighting } from '../daemons/sighting.ts'
import { lookForSettled } from '../daemons/transition.ts'
import type { Output } from '../output/output.ts'
import { type Key, TerminalScreen } from '../screen/terminal-screen.ts'
import { explainUnheard } from '../signal/unheard-signal.ts'
import { type DaemonSight, type FollowedDaemon, followDaemon } from './follow-daemon.ts'
import { printSights } from './print-sights.ts'
import { renderTop } from './render-top.ts'
import { firstView, pressKey, type TopOrder, type TopView } from './top-view.ts'

/** What `sd-cli top` is called with. */
export interface TopArguments {
  /** Its name, its file, or its control socket. */
  readonly daemon: string
  /** Seconds between two looks. */
  readonly interval: number
  /** How many snapshots to print; undefined: until it is interrupted. */
  readonly count: number | undefined
}

/** Milliseconds that a daemon in transition may take to answer. */
const ANSWERS_WITHIN = 60_000

/** How often the screen is drawn without news: the clock moves, and so does the age of the last answer. Milliseconds. */
const REDRAW_INTERVAL = 1000

/**
 * Shows a daemon live, or prints snapshots of it.
 *
 * @throws SdError `SD_CLI_USAGE` without a terminal, `SD_CLI_NOT_RUNNING`, `SD_CLI_MUTE`.
 */
export async function showTop({ daemon, interval, count }: TopArguments, out: Output): Promise<void> {
  if (!(interval >= 0.1 && interval <= 3600)) {
    throw new SdError('SD_CLI_USAGE', `--interval takes seconds from 0.1 to 3600, not ${interval}.`)
  }
  if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
    throw new SdError('SD_CLI_USAGE', `--count takes a whole number from 1 on, not ${count}.`)
  }
  const milliseconds = interval * 1000
  if (out.json) return await printSights((await findDaemon(daemon, out)).socket, milliseconds, count, out)
  if (!process.stdin.isTTY || !process.stdout.isTTY || process.env.TERM === 'dumb') {
    const message = `"top" draws on a terminal, and there is none. Use "sd-cli status ${daemon}", or --json for a line each second.`
    throw new SdError('SD_CLI_USAGE', message)
  }
  await new Top(milliseconds, await findDaemon(daemon, out)).run()
}

/** Where a daemon is to be asked, now and when it comes back. */
async function findDaemon(daemon: string, out: Output): Promise<Sighting & { state: 'answers' }> {
  const seen = await lookForSettled(daemon, out, {
    pidFile: undefined,
    end: performance.now() + ANSWERS_WITHIN,
    // How it starts, or finishes its calls, is to be seen, too.
    isEnough: ({ state }) => state === 'answers',
  })
  if (seen.state === 'answers') return seen
  throw seen.state === 'mute' ? muteError(seen) : await notRunningError(seen)
}

class Top {
  readonly #interval: number
  readonly #seen: Sighting & { state: 'answers' }
  #screen: TerminalScreen | undefined
  #daemon: FollowedDaemon | undefined
  #sight: DaemonSight | undefined
  #view: TopView = firstView
  /** Who the process is that a signal is being asked for. */
  #asked: ProcessIdentity | undefined
  #quit = (): void => {}

  constructor(interval: number, seen: Sighting & { state: 'answers' }) {
    this.#interval = interval
    this.#seen = seen
  }

  async run(): Promise<void> {
    const { socket } = this.#seen
    // While there is nothing to be shown the terminal stays as it is: what goes wrong first is an error as any other.
    this.#daemon = await followDaemon(socket, this.#interval, (sight) => {
      this.#sight = sight
      this.#draw()
    })
    const quitting = new Promise<void>((resolve) => {
      this.#quit = resolve
    })
    const redraw = setInterval(() => this.#draw(), REDRAW_INTERVAL)
    try {
      this.#screen = new TerminalScreen({
        onKey: (key) => this.#press(key),
        onRedraw: () => this.#draw(),
        onEnd: () => this.#quit(),
      })
      this.#draw()
      await quitting
    } finally {
      clearInterval(redraw)
      this.#screen?.close()
      await this.#daemon.stop()
    }
  }

  #draw(): void {
    const [screen, sight] = [this.#screen, this.#sight]
    if (!screen) return
    if (!sight) return screen.draw([{ text: 'Asking the daemon ...', style: 'dim' }])
    const { columns, rows } = screen
    const age = performance.now() - sight.at - this.#interval
    screen.draw(renderTop({ sight, view: this.#view, age, now: new Date(), columns, rows }))
  }

  #press(key: Key): void {
    if (!this.#sight) {
      if (key.name === 'q' || (key.ctrl && key.name === 'c')) this.#quit()
      return
    }
    const { view, order } = pressKey(this.#view, key, this.#sight.snapshot)
    const { question } = view
    // Known before somebody thinks about it: by the time he answers, another process may have that pid.
    if (question?.kind === 'signal' && this.#view.question === undefined)
      this.#asked = this.#identify(question.pid)
    this.#view = view
    if (order) void this.#obey(order)
    this.#draw()
  }

  /** Undefined of one that nobody here may signal: the pids are what the daemon says. */
  #identify(pid: number): ProcessIdentity | undefined {
    const { uid, process } = this.#seen
    return isSeen(process) && belongsTo(uid, pid) ? readIdentity(pid) : undefined
  }

  async #obey(order: TopOrder): Promise<void> {
    if (order.kind === 'quit') return this.#quit()
    if (order.kind === 'suspend') return this.#screen?.suspend()
    if (order.kind === 'ask now') return this.#daemon?.askNow()
    try {
      this.#tell(order.kind === 'signal' ? this.#signal(order) : await this.#restart())
    } catch (error) {
      this.#tell(toError(error).message)
    }
    this.#daemon?.askNow()
  }

  async #restart(): Promise<string> {
    // It answers when it knows that the new code starts, which takes as long as it takes.
    await this.#daemon?.call('restart', { reason: 'asked for in sd-cli top' }, { timeout: 0 })
    return 'It restarts.'
  }

  #signal({ pid, role, signal }: Extract<TopOrder, { kind: 'signal' }>): string {
    const identity = this.#asked
    if (identity?.pid !== pid)
      return `There is no process ${pid} here (${role}): it has exited, or is in a container.`
    if (wouldEndUnheard(identity, signal))
      return `${explainUnheard(`${pid} (${role})`, signal)} Send TERM or KILL.`
    const isSent = signalProcess(identity, signal)
    return isSent ? `${signal} was sent to ${pid} (${role}).` : `${pid} (${role}) has exited.`
  }

  #tell(notice: string): void {
    this.#view = { ...this.#view, notice }
    this.#draw()
  }
}
