/** Something that a dead daemon has left behind. */
export interface Leftover {
  readonly kind: 'pid file' | 'socket' | 'lock' | 'segment' | 'record'
  /** The daemon's name, as the file's says; of a segment its own. */
  readonly name: string
  readonly path: string
  /** Why nobody needs it any more, in words. */
  readonly why: string
  /**
   * Looks again, and removes it if that still holds.
   *
   * @returns false when it is somebody's by now.
   */
  remove(): Promise<boolean>
}

/** Something that looks like a daemon's, and stays: it is not known to be dead, or not known at all. */
export interface LeftAlone {
  readonly path: string
  readonly why: string
}

/** What was found in one kind of place. */
export interface Findings {
  readonly leftovers: readonly Leftover[]
  readonly leftAlone: readonly LeftAlone[]
}

/** What to look for. */
export interface Search {
  /** Only what belongs to a daemon of this name. */
  readonly name: string | undefined
  /** Names of daemons that answer, or might: they live, whatever else there is. */
  readonly living: ReadonlySet<string>
}
