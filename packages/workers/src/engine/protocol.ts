import type { Json, LogLevel } from '@sd/core'
import type { FlatError } from '@sd/process/exchange'

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
  /** The moment from which the worker counts the times that it tells: monotonic milliseconds. */
  readonly epoch: number
}

/**
 * What daemon and worker say to each other: arrays that begin with one of these numbers, because there are
 * hundreds of thousands of them a second. Times are whole microseconds since {@link OpenMessage.epoch}.
 */
export const CALL = 0
/** See {@link ToWorker}. */
export const CANCEL = 1
/** See {@link ToWorker}. */
export const WITHDRAW = 2
/** See {@link ToWorker}. */
export const SHARE = 3
/** See {@link FromWorker}. */
export const STARTED = 0
/** See {@link FromWorker}. */
export const RETURNED = 1
/** See {@link FromWorker}. */
export const FAILED = 2
/** See {@link FromWorker}. */
export const WITHDRAWN = 3
/** See {@link FromWorker}. */
export const LOG = 4
/** See {@link FromWorker}. */
export const MEMORY = 5
/** See {@link FromWorker}. */
export const ABORTED = 6

/** A call on its way to a worker. */
export type CallMessage = readonly [
  type: typeof CALL,
  id: number,
  method: string,
  args: readonly unknown[],
  /** None when it is left out. */
  retries?: number,
  /** Whether the daemon takes it for started already, so that its start need not be told: see `CallWindow`. */
  presumed?: boolean,
]

/** From the daemon to a worker. */
export type ToWorker =
  | CallMessage
  | readonly [type: typeof CANCEL, id: number]
  /** Give back what has not started. */
  | readonly [type: typeof WITHDRAW]
  | readonly [type: typeof SHARE, shares: Readonly<Record<string, Json>>]

/** From a worker to the daemon. */
export type FromWorker =
  /** The calls that you gave me up to this one have started, or will within a moment. */
  | readonly [type: typeof STARTED, lastId: number, at: number]
  | readonly [type: typeof RETURNED, id: number, startedAt: number, duration: number, value?: unknown]
  | readonly [type: typeof FAILED, id: number, startedAt: number, duration: number, error: FlatError]
  /** A debugger has ended it. @param point - where, for people. */
  | readonly [type: typeof ABORTED, id: number, startedAt: number, duration: number, point: string]
  /** These have not started, and will not here. */
  | readonly [type: typeof WITHDRAWN, ids: readonly number[]]
  | readonly [type: typeof LOG, level: LogLevel, message: string, label: string | null]
  /** Resident memory, bytes. */
  | readonly [type: typeof MEMORY, rss: number]
