import type { Death } from '@sd/process/exchange'

/** How a run of a task ended. Except for the first two nothing of it runs any more. */
export type Outcome =
  | { readonly type: 'returned'; readonly value: unknown }
  /** The task threw. */
  | { readonly type: 'failed'; readonly error: Error }
  /** Its code was not reached. */
  | { readonly type: 'unstarted'; readonly error: Error }
  | { readonly type: 'timeout'; readonly taskStack: string | undefined }
  /** @param point - where a debugger has aborted it, for people. */
  | { readonly type: 'cancelled'; readonly cause?: unknown; readonly point?: string }
  /** The daemon stops. @param cause - what the task threw when it was told. */
  | { readonly type: 'shutdown'; readonly cause?: Error }
  | ({ readonly type: 'died' } & Death)
  /** Its process was a spare that ended before it had taken the task: nothing has begun, it can run elsewhere. */
  | { readonly type: 'untaken' }
