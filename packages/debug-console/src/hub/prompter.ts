import type { JsonLines } from '../protocol/json-lines.ts'
import type { FromConsole, Stop, StopCall, ToConsole } from '../protocol/messages.ts'
import { Columns } from './columns.ts'
import type { DebuggedProcess } from './debugged-process.ts'
import { describePrompt, describeStop } from './describe-stop.ts'
import type { ProcessLabels } from './process-labels.ts'

/** Spaces that a column is wide. */
const COLUMN_WIDTH = 4

/** Prompts that a line on its way may have been typed at. */
const MOST_PROMPTS = 64

/** What a prompt is about. */
export interface PromptSubject {
  readonly directory: string
  readonly idlePrompt: string
  readonly labels: ProcessLabels
  /** Whether nothing is to be shown at the moment. */
  readonly isHeld: boolean
  /** The process whose turn it is; undefined while none is stopped. */
  readonly turn: DebuggedProcess | undefined
  callOf(process: DebuggedProcess): Promise<StopCall | undefined>
  /** `primes#12` for each call that is not over; undefined when nobody can tell. */
  openCalls(): Promise<ReadonlySet<string> | undefined>
}

/** What is on the screen of the console: one prompt at a time, and the messages of each call in a column of their own. */
export class Prompter {
  /** The console, while there is one. */
  console: JsonLines<FromConsole, ToConsole> | undefined
  /** Whether there are columns. */
  indent = true
  readonly #subject: PromptSubject
  readonly #columns = new Columns()
  /** How many lines have come: a prompt says which one it is the answer to. */
  #taken = 0
  /** The stop that has been shown, and its prompt. */
  #shown: Stop | undefined
  #prompt = ''
  #callShown: StopCall | undefined
  /** The processes that the last prompts were about; undefined: the daemon, with nothing stopped. */
  readonly #subjects = new Map<number, number | undefined>()
  #lastId = 0
  /** Whether there ever was a prompt. */
  #prompted = false

  constructor(subject: PromptSubject) {
    this.#subject = subject
  }

  print(text: string): void {
    const margin = this.#margin()
    const lines = text.split('\n').map((line) => `${margin}${line}`)
    this.console?.send({ type: 'print', text: lines.join('\n') })
  }

  /** A line has come, or what takes the place of one. */
  onLine(): void {
    this.#taken++
  }

  /** The process that was shown goes on. */
  forget(): void {
    this.#shown = undefined
  }

  /** Shows the stop whose turn it is, and has the console ask for a line. @param again - also when nothing is new. */
  async present(again = false): Promise<void> {
    if (this.#subject.isHeld || !this.console) return
    const process = this.#subject.turn
    const stop = process?.stop
    if (process && stop && this.#shown !== stop) {
      this.#shown = stop
      await this.#show(process, stop)
      // Meanwhile it may have gone on, or away.
      if (process.stop !== stop || this.#subject.turn !== process) return this.present(again)
    } else if (!stop && this.#prompt !== this.#subject.idlePrompt) {
      this.#shown = undefined
      this.#prompt = this.#subject.idlePrompt
    } else if (!again && this.#prompted) return
    this.#prompted = true
    const margin = stop ? this.#margin() : ''
    const id = ++this.#lastId
    this.#subjects.set(id, stop ? process?.pid : undefined)
    this.#subjects.delete(id - MOST_PROMPTS)
    this.console.send({ type: 'prompt', text: margin + this.#prompt, turn: this.#taken, id })
  }

  /** @returns what a prompt was about; undefined where there is no such prompt. */
  subjectOf(prompt: number | undefined): { readonly pid: number | undefined } | undefined {
    if (prompt === undefined || !this.#subjects.has(prompt)) return undefined
    return { pid: this.#subjects.get(prompt) }
  }

  async #show(process: DebuggedProcess, stop: Stop): Promise<void> {
    const { labels, directory } = this.#subject
    const [label, call] = await Promise.all([labels.of(process.pid), this.#subject.callOf(process)])
    this.#callShown = call
    if (call) await this.#forgetColumns()
    this.#prompt = describePrompt(label, stop, call)
    this.print(describeStop(stop, directory))
  }

  /** Columns of calls that are over are free again. */
  async #forgetColumns(): Promise<void> {
    const open = await this.#subject.openCalls()
    if (open) this.#columns.keep(open)
  }

  #margin(): string {
    if (!this.indent || !this.#callShown || this.#shown === undefined) return ''
    const column = this.#columns.of(`${this.#callShown.pool}#${this.#callShown.id}`)
    return ' '.repeat(column * COLUMN_WIDTH)
  }
}
