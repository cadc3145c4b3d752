import type { Json, LogLevel } from '@sd/core'
import type { FlatError } from '@sd/process/exchange'

/** What a process is to do: the one task of its life. */
export interface Assignment {
  /** The module that defines the task. */
  readonly url: string
  readonly ordinal: number
  readonly group: string
  readonly id: number
  readonly args: readonly unknown[]
  /** What `ps` shows. */
  readonly title: string
  /** `process.argv[1]` of the daemon. */
  readonly script?: string
  readonly shares: Readonly<Record<string, Json>>
}

/** A process's first message: its task, or what a blank one loads while it waits for one. */
export type OpenMessage = { readonly assignment: Assignment } | { readonly preload: readonly string[] }

/** From the daemon to a task's process. */
export type ToTask =
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'abort' }
  | { readonly type: 'share'; readonly shares: Readonly<Record<string, Json>> }

/** From a task's process to the daemon, in this order except for `log`. */
export type FromTask =
  /** It has its assignment; from now on code of the user's may run. */
  | { readonly type: 'taken' }
  /** The task's own code begins. @param at - monotonic milliseconds. */
  | { readonly type: 'started'; readonly at: number }
  | { readonly type: 'progress'; readonly value: unknown }
  | { readonly type: 'returned'; readonly value?: unknown }
  | { readonly type: 'failed'; readonly error: FlatError }
  /** A debugger has ended it. @param point - where, for people. */
  | { readonly type: 'aborted'; readonly point: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly label?: string }
