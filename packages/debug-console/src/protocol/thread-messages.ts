import type { LeaseRenewal } from '@sd/core'

/** What the hub's thread is started with. */
export interface HubData {
  /** The daemon's name. */
  readonly name: string
  /** Where the hub is to listen. */
  readonly socket: string
  /** The names of the points that are on. */
  readonly points: readonly string[]
  /** Whether the console is on the daemon's own terminal. */
  readonly foreground: boolean
  /** Where paths are relative to. */
  readonly directory: string
  /** Two numbers: 1 once the debugger has let go of the main thread, and 1 once debugging has ended. */
  readonly state: Int32Array
}

/** Main thread to hub. */
export type ToHub =
  /** Text that the daemon has printed. */
  | { readonly type: 'output'; readonly text: string }
  /** Something for the console. */
  | { readonly type: 'print'; readonly text: string }
  /** How the daemon's leases are renewed while its main thread is paused. */
  | { readonly type: 'renewals'; readonly renewals: readonly LeaseRenewal[] }
  /** The inspector of a process has been opened. */
  | { readonly type: 'inspector'; readonly pid: number; readonly address: string | undefined }
  /** A plugin's command has come to its end. */
  | { readonly type: 'commandEnded'; readonly run: number; readonly text: string }
  /** The commands that plugins have added. */
  | { readonly type: 'commands'; readonly commands: readonly AddedCommand[] }
  /** Debugging ends. */
  | { readonly type: 'leave' }
  /** The answer to `left`: the thread may end. */
  | { readonly type: 'exit' }

/** A command of a plugin, as far as it is data. */
export interface AddedCommand {
  readonly name: string
  readonly pattern: string
  readonly flags: string
  readonly help: string
}

/** Hub to main thread. */
export type FromHub =
  /** Consoles can connect. */
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  /** The console is there. */
  | { readonly type: 'arrived' }
  /** The console has ended: debugging does, too. */
  | { readonly type: 'ended' }
  /** Output that no console is there for any more. */
  | { readonly type: 'undelivered'; readonly text: string }
  | { readonly type: 'left' }
