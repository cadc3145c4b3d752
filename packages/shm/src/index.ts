export {
  cleanSegments,
  listSegmentUsers,
  listUnusedSegments,
  type RemoveOptions,
  removeUnusedSegment,
} from './clean-segments.ts'
export { listSegments } from './list-segments.ts'
export { openSegment } from './open-segment.ts'
export type { SegmentOptions } from './options.ts'
export type { Segment, SegmentChange, WatchOptions } from './segment.ts'
export type { SegmentOwner, SegmentUser } from './segment-owner.ts'
export type { SegmentStatistics } from './segment-statistics.ts'
export { segmentsDirectory } from './segments-directory.ts'
