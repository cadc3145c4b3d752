/** What the standby thread is started with. */
export interface StandbyData {
  /** The daemon's name. */
  readonly name: string
  /** Where it is to listen. */
  readonly path: string
}

/** What a console is told: where the hub listens, or why there is none. */
export type StandbyAnswer = { readonly socket: string } | { readonly refused: string }

/** What the standby thread calls in the middle of whatever the main thread does: each is over at once. */
export interface StandbyTarget {
  /** Begins to debug the daemon; the hub listens a little later. */
  begin(): StandbyAnswer
  /** Has agents started in the child processes: the hub listens by now. */
  attach(): void
}
