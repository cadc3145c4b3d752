import type { Clock, Deadline } from '@sd/core'
import type { ProcessIdentity } from '@sd/core/process-identity'
import type { ChildState } from './child-state.ts'

/** How a child ended. */
export interface ChildExit {
  /** The exit code; null when a signal ended it, or when it never ran. */
  readonly code: number | null
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null
  /** The last 4 KB of what it printed, stdout and stderr as they came. */
  readonly lastOutput: string
  /** Why it had to end: it could not be spawned, was not ready in time, failed to start, or spoke nonsense. */
  readonly error?: Error
  /** Whether it ever was ready. */
  readonly startedReady: boolean
  /** Milliseconds from spawn to death. */
  readonly lifetime: number
}

/** A child process. */
export interface Child {
  /** Unique within the manager, counting from 1. */
  readonly id: number
  /** The group it belongs to; `assign` changes it. */
  readonly group: string
  /** The lowest number, from 1, that was free in the group when it came to it. Used again afterwards. */
  readonly index: number
  /** The process id; undefined until there is a process, which may be a moment later, and when there is none. */
  readonly pid: number | undefined
  /** Where it is in its life. Only a `ready` child may be given work. */
  readonly state: ChildState
  /**
   * The daemon's clock, which also stands still while a debugger has paused this child: for the time that it may take
   * for something by itself. What somebody has ordered is by the daemon's clock.
   */
  readonly clock: Clock
  /** Pid and start time, to recognise the process later. */
  readonly identity: ProcessIdentity | undefined
  /** Bytes of messages that wait because the child does not read: hold back when it grows. */
  readonly buffered: number
  /**
   * Resolves when the child says that it is ready.
   *
   * Rejects with an SdError `SD_PROCESS_NOT_READY` (not within `readyTimeout`), `SD_PROCESS_START_FAILED` (the
   * child said why: `cause`), `SD_PROCESS_SPAWN` (the system refused: `cause`), `SD_PROCESS_PROTOCOL` (it
   * spoke nonsense), `SD_PROCESS_DIED` (it ended before) or `SD_PROCESS_CLOSED` (the manager takes no more
   * children). Never an unhandled rejection.
   */
  readonly ready: Promise<void>
  /**
   * Resolves when the process is dead and everything that it had written is read, its messages included.
   * Never rejects. Where a process outside the child's group holds the child's output open, a short wait
   * ends the reading.
   */
  readonly exited: Promise<ChildExit>
  /**
   * Sends a message: anything that structured clone takes. Before the child runs, and while it drains, the
   * message waits in its pipe; what it does with it is between you and the child.
   *
   * @param ownLevels - how many of its outermost levels are arrays that you made for this message, as in
   * `[1, [value]]`: what is known about those need not be found out. @default 0
   * @returns false when it can no longer be delivered: the child is dead or was killed.
   * @throws DOMException `DataCloneError` when structured clone does not take the message.
   * @throws RangeError with code `SD_PROCESS_MESSAGE_TOO_LARGE` beyond 256 MiB.
   */
  send(message: unknown, ownLevels?: number): boolean
  /**
   * Notes that the child did useful work: when it dies from now on, it did not die young. The young deaths that
   * its group has counted are forgotten, because a group that gets work done is no crash loop.
   */
  prove(): void
  /**
   * Asks the child to finish and end; SIGTERM to its group `killAfter` ms before the deadline, SIGKILL to
   * its group at the deadline. Without a deadline it is only asked, and may take as long as it needs.
   * Called again, the earlier deadline wins. An expected end: not counted as churn, and no restart.
   */
  drain(deadline?: Deadline): Promise<ChildExit>
  /**
   * Gives a child that was held in reserve its group: there it has a number, and counts, and the events `fork` and
   * `reap` and the log know it by that name. What `ps` shows is the child's own business. Once.
   *
   * @throws Error when it was not held in reserve.
   */
  assign(group: string): void
  /**
   * Where the main thread is right now, even in an endless loop: starts the child's inspector, on loopback with
   * a secret path, and pauses it there. For a child that is about to be killed, since it stays paused.
   *
   * @param within - milliseconds that it may take.
   * @param lastAct - JavaScript that the paused child runs, so that it can say what it else had no time for.
   * @returns the frames as in an error's stack; undefined when no JavaScript is running, or not in time. Never
   * rejects.
   */
  readStack(within: number, lastAct?: string): Promise<string | undefined>
  /**
   * Kills the child because it sent a message that means nothing; `exited` tells it as `SD_PROCESS_PROTOCOL`.
   *
   * @param cause - what was wrong with the message.
   */
  condemn(cause: Error): void
  /**
   * Signals the child's whole process group; an expected end, not counted as churn. With `restart:
   * 'always'` a successor follows.
   *
   * @param signal - @default 'SIGKILL'
   * @returns when the child is confirmed dead.
   */
  kill(signal?: NodeJS.Signals): Promise<ChildExit>
}
