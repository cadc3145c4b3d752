import type { Json, LogLevel } from '@sd/core'
import type { FlatError } from '../call/flat-error.ts'

/** What a worker process must know before it imports the user's file. */
export interface OpenMessage {
  /** The module that defines the worker. */
  readonly url: string
  readonly ordinal: number
  /** The methods that the daemon knows: a child that finds others has found another worker. */
  readonly methods: readonly string[]
  readonly alias: string
  /** `process.argv[1]` of the daemon. */
  readonly script: string | undefined
  readonly concurrency: number
  readonly shares: Readonly<Record<string, Json>>
  /** Whether the process is to report its memory. */
  readonly reportMemory: boolean
}

/** From the daemon to a worker. */
export type ToWorker =
  | readonly ['call', id: number, method: string, args: readonly unknown[], retries: number]
  | readonly ['cancel', id: number]
  | readonly ['share', shares: Readonly<Record<string, Json>>]

/** From a worker to the daemon. Times are monotonic milliseconds. */
export type FromWorker =
  | readonly ['started', id: number, at: number]
  | readonly ['returned', id: number, value: unknown]
  | readonly ['failed', id: number, error: FlatError]
  | readonly ['log', level: LogLevel, message: string, label: string | undefined]
  /** Resident memory, bytes. */
  | readonly ['memory', rss: number]
