/** The version of what hub, agents and consoles say to each other. They come from one package, except over time. */
export const PROTOCOL = 1

/** Where a breakpoint is wanted. */
export interface LineBreakpoint {
  readonly id: number
  /** An absolute path, or the end of one. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** JavaScript, evaluated in the frame. */
  readonly condition?: string
}

/** When to pause on what is thrown. */
export type CatchMode = 'none' | 'uncaught' | 'all'

/** Where all processes are to stop: told anew, as a whole, whenever it changes. */
export interface Plan {
  /** False: nowhere, for the moment. */
  readonly active: boolean
  /** Names of points that are on. */
  readonly points: readonly string[]
  /** `sieve` or `primes.sieve`: the point `running` of these is on. */
  readonly methods: readonly string[]
  /** Labels of the user's own breakpoints that are off. */
  readonly skipped: readonly string[]
  /** `primes#12`: the point `return` of these calls is on. */
  readonly captured: readonly string[]
  readonly lines: readonly LineBreakpoint[]
  readonly exceptions: CatchMode
}

/** A place in a source file, as its author sees it. */
export interface Place {
  /** A path, or the URL of what is no file. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1. */
  readonly column: number
}

/** A frame of a stack. */
export interface FrameView extends Place {
  /** Its number, for `frame`; undefined for what is not the user's. */
  readonly number?: number
  readonly name: string
  /** Whether it is Node's or this library's. */
  readonly internal: boolean
}

/** The call that a point belongs to. */
export interface StopCall {
  readonly id: number
  readonly pool: string
  readonly method: string
  /** The arguments, as text. */
  readonly args: string
}

/** Why a process has paused, and where. */
export interface Stop {
  readonly why: 'point' | 'line' | 'step' | 'pause' | 'exception' | 'statement'
  readonly point?: {
    readonly name: string
    readonly label?: string
    readonly call?: StopCall
    /** What else is known, as text. */
    readonly facts?: string
    /** What was returned, as text. */
    readonly value?: string
  }
  /** The call that it is at work for, as far as the process itself knows. */
  readonly call?: StopCall
  /** The breakpoints that it has hit. */
  readonly breakpoints?: readonly number[]
  /** What the condition of one of them throws, as text. */
  readonly failedCondition?: string
  /** What was thrown, as text. */
  readonly exception?: string
  /** The user's own code that it is in. */
  readonly frame?: FrameView
  /** That line. */
  readonly source?: string
}

/** How a paused process goes on. */
export type Going = 'on' | 'into' | 'over' | 'out'

/** What a hub can ask of each process. */
export interface ProcessRequests {
  /** @returns the places of the breakpoints that have one there. */
  configure(plan: Plan): Promise<readonly { id: number; place: Place }[]>
  pause(): Promise<void>
  /** @param abort - makes the point that it is at return false. */
  resume(how: Going, abort: boolean): Promise<void>
  /** @param all - also what is Node's, and the library's. */
  where(all: boolean): Promise<readonly FrameView[]>
  /** @returns lines with their numbers. */
  list(frame: number, line: number | undefined): Promise<readonly string[]>
  locals(frame: number): Promise<readonly string[]>
  args(frame: number): Promise<readonly string[]>
  /** @param frame - undefined: no frame, the process need not be paused. */
  evaluate(frame: number | undefined, expression: string): Promise<{ text: string; failed: boolean }>
  /** @returns the inspector's address. */
  inspect(open: boolean): Promise<string>
  /** Writes a heap snapshot. @returns its size in bytes. */
  heap(file: string): Promise<number>
}

/** What comes from a process without having been asked for. */
export interface ProcessEvents {
  onStop(stop: Stop): void
  onGoing(): void
  onBound(id: number, place: Place): void
  /** The condition of a breakpoint names a variable that is not there: it does not stop. */
  onUnmet(breakpoint: number, error: string): void
}

/** The first line of whoever connects to the hub. */
export type Hello =
  | { readonly protocol: number; readonly role: 'agent'; readonly pid: number }
  | { readonly protocol: number; readonly role: 'console'; readonly pid: number; readonly terminal: boolean }

/** Hub to agent. */
export interface AgentRequest {
  readonly id: number
  readonly ask: keyof ProcessRequests
  readonly with: readonly unknown[]
}

/** Agent to hub. */
export type FromAgent =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: string }
  | { readonly event: 'stop'; readonly stop: Stop }
  | { readonly event: 'going' }
  | { readonly event: 'bound'; readonly breakpoint: number; readonly place: Place }
  | { readonly event: 'unmet'; readonly breakpoint: number; readonly error: string }

/** Hub to console. */
export type ToConsole =
  | { readonly type: 'welcome'; readonly name: string; readonly pid: number }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'print'; readonly text: string }
  /** The console may read a line, when `turn` is how many it has sent. */
  | { readonly type: 'prompt'; readonly text: string; readonly turn: number; readonly id: number }
  | { readonly type: 'completions'; readonly id: number; readonly names: readonly string[] }
  | { readonly type: 'end'; readonly message: string }

/** Console to hub. */
export type FromConsole =
  /** @param prompt - the prompt that it was typed at; undefined: typed ahead of one. */
  | { readonly type: 'line'; readonly text: string; readonly prompt?: number }
  | { readonly type: 'complete'; readonly id: number; readonly text: string }
  /** Ctrl-C at an empty prompt, for the second time. */
  | { readonly type: 'interrupt' }
  /** Ctrl-D, or the end of the script. */
  | { readonly type: 'end' }
