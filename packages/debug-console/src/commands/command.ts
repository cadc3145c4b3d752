import type { DebuggedProcess } from '../hub/debugged-process.ts'
import type { PlanBook } from '../hub/plan-book.ts'
import type { Going, StopCall } from '../protocol/messages.ts'

/** What a command is run with. */
export interface DebugSession {
  readonly name: string
  /** Where paths are relative to. */
  readonly directory: string
  readonly book: PlanBook
  /** The commands, those of plugins included. */
  readonly commands: readonly Command[]
  /** All processes that are debugged. */
  readonly processes: readonly DebuggedProcess[]
  /** Those that are stopped, in the order in which they get the prompt. */
  readonly stopped: readonly number[]
  indent: boolean
  print(text: string): void
  /** The process that the line's prompt was about; undefined: none was stopped. @throws Error when it has gone on. */
  subject(): DebuggedProcess | undefined
  /** The process that has the prompt. @throws Error when none is stopped. */
  current(): DebuggedProcess
  /** A process by its pid. @throws Error when there is none that is debugged. */
  find(pid: number): DebuggedProcess
  /**
   * Has the daemon's main thread evaluate `view.…`.
   *
   * @param awaitPromise - whether it is a promise: one does not settle while the main thread hangs.
   * @returns a JSON value.
   */
  ask<Answer>(what: string, awaitPromise?: boolean): Promise<Answer>
  /** Says where to stop to all processes, once more. */
  tellPlan(): Promise<void>
  /** Lets a process go on. */
  go(process: DebuggedProcess, how: Going, abort?: boolean): Promise<void>
  /** The call that a stopped process is at work for. */
  callOf(process: DebuggedProcess): Promise<StopCall | undefined>
  /** Has a process stop where it is. */
  pause(pid: number): Promise<void>
  /** For a while nothing stops anywhere. @param time - milliseconds. */
  skipFor(time: number): Promise<void>
  /** Resolves when something is stopped. @returns false when nothing has within that many milliseconds. */
  untilStop(time: number): Promise<boolean>
  /** Writes to the daemon's log. */
  log(message: string): Promise<void>
  /** Ends debugging. */
  end(message: string): Promise<void>
  /** How a pid is told to a person: `primes 4711`. */
  nameOf(pid: number): string
}

/** Something that can be typed at the prompt. The table of these is all that there is. */
export interface Command {
  /** The first word, and shorter ones for it. */
  readonly names: readonly string[]
  /** How it is written, for `help`. */
  readonly usage: string
  /** What it does, for `help`. */
  readonly help: string
  /** What the rest of the line must be; without one there must be none. */
  readonly pattern?: RegExp
  /** What the rest of the line could be: for completion. */
  readonly complete?: (session: DebugSession) => readonly string[]
  run(session: DebugSession, match: RegExpMatchArray): Promise<void> | void
}
