import type { LaunchSwitches } from './switches.ts'

/** How a daemon is run in this process. */
export interface LaunchPlan {
  /** The file with the daemon, absolute. */
  readonly file: string
  /** Node's arguments that bring this process about again. */
  readonly command: readonly string[]
  readonly switches: LaunchSwitches
}
