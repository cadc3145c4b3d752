import type { Segment, SegmentChange } from '@sd/shm'
import { formatJson } from '../output/format-json.ts'
import { cutText } from '../text/display-width.ts'
import { formatShortValue, valueAsJson } from './format-value.ts'
import { formatKey } from './segment-key-text.ts'

/** A watch that is under way. */
export interface SegmentWatch {
  readonly prefix: string
  /** Rejects when the segment is destroyed. */
  readonly ended: Promise<void>
  end(): void
}

/** Tells of each change until it is ended. */
export function watchSegment(
  segment: Segment,
  prefix: string,
  onChange: (change: SegmentChange) => void,
): SegmentWatch {
  const stop = new AbortController()
  // Made now: what is changed from here on is told.
  const changes = segment.watch(prefix, { signal: stop.signal })
  const follow = async (): Promise<void> => {
    for await (const change of changes) onChange(change)
  }
  const ended = follow()
  // Who waits for it is told; but nobody may wait yet.
  ended.catch(() => {})
  return { prefix, ended, end: () => stop.abort() }
}

/** `22:33:10.123  created  job.17  { state: 'waiting' }`, cut to the columns that there are. */
export function formatChange(
  { type, key, value }: SegmentChange,
  at: Date,
  columns: number | undefined,
): string {
  const time = `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
  const line = `${time}  ${type}  ${formatKey(key)}${type === 'deleted' ? '' : `  ${formatShortValue(value)}`}`
  return columns === undefined ? line : cutText(line, columns)
}

/** The same for programs. */
export function changeAsJson({ type, key, value }: SegmentChange, at: Date): string {
  return formatJson({ time: at.toISOString(), type, key, ...(type !== 'deleted' && valueAsJson(value)) })
}
