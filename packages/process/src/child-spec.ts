import type { Child } from './child.ts'

/** What to run, and how. */
export interface ChildSpec {
  /** The group, for instance `'primes'`: slots, churn, titles and log labels are per group. */
  group: string
  /** The JavaScript or TypeScript module to run with this Node: a path or a `file:` URL. */
  entry: string | URL
  /** What `process.argv` holds after the entry. @default [] */
  args?: readonly string[]
  /** Environment on top of the daemon's. @default {} */
  env?: Readonly<Record<string, string>>
  /** Node's own flags. @default the daemon's, without `--eval` and `--print`. Inspector flags of the daemon never hold for a child, not even from `NODE_OPTIONS`; those written out here do. */
  execArgv?: readonly string[]
  /**
   * When a successor follows: after every end but a drain, after an unexpected end with a signal, an error or
   * a code other than 0, or never. @default 'never'
   */
  restart?: 'always' | 'on-failure' | 'never'
  /** Milliseconds from spawn until it must be ready. @default 30_000 */
  readyTimeout?: number
  /** Milliseconds between SIGTERM and SIGKILL when it is drained. @default 2_000 */
  killAfter?: number
  /** What `ps` shows. @default `sd <daemon>: <group> #<index>` */
  title?: string
  /**
   * Whether it is held in reserve: `fork` and `reap` tell of it only once {@link Child.assign} has given it a
   * group of its own. @default false
   */
  reserve?: boolean
  /** The first message. It is in the child's pipe before the child runs: `initial` of its link. */
  initial?: unknown
  /** Called with each message of the child, in order. */
  onMessage?(message: unknown, child: Child): void
  /**
   * Called with each line that the child prints. Return false to keep the line out of the daemon's log.
   * Without it, every line goes to the log.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual case
  onStdio?(line: string, child: Child, stream: 'stdout' | 'stderr'): boolean | void
  /** Called with each child of this spec as it is spawned, restarted successors included. */
  onChild?(child: Child): void
}
