import type { FlatError } from '../exchange/flat-error.ts'
import type { LaunchPlan } from '../launch-plan.ts'

/** What the daemon asks of its spawner. */
export type ToSpawner =
  | { readonly type: 'start'; readonly id: number; readonly plan: LaunchPlan; readonly umask: number }
  | { readonly type: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }

/** What the spawner tells. Of a process it comes in this order: its pipes, `started`, `exited`. */
export type FromSpawner =
  /** Comes with the pipe itself, the one of this index. */
  | { readonly type: 'pipe'; readonly id: number; readonly index: number }
  | { readonly type: 'started'; readonly id: number; readonly pid: number; readonly pipes: number }
  | { readonly type: 'refused'; readonly id: number; readonly error: FlatError }
  | {
      readonly type: 'exited'
      readonly id: number
      readonly code: number | null
      readonly signal: NodeJS.Signals | null
    }
