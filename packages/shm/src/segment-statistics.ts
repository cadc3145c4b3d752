import type { SegmentOwner } from './segment-owner.ts'

/** What {@link Segment.statistics} tells. */
export interface SegmentStatistics {
  readonly name: string
  /** Where it is. */
  readonly directory: string
  /** What it may hold. Bytes. */
  readonly size: number
  /** What is in use, with all bookkeeping. Bytes. */
  readonly used: number
  /** The memory that it takes, which is the most that it ever took. Bytes. */
  readonly peak: number
  /** How many keys there are. */
  readonly entries: number
  /** The number of the last transaction. */
  readonly transaction: number
  /** Places of readers that are taken, and how many there are. */
  readonly readers: { readonly now: number; readonly most: number }
  /** Who has it open. */
  readonly owners: readonly SegmentOwner[]
}
