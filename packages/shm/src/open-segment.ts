import { join } from 'node:path'
import { resolveSegmentOptions, type SegmentOptions } from './options.ts'
import type { Segment } from './segment.ts'
import { SegmentHandle } from './segment-handle.ts'
import { checkSegmentName } from './segment-name.ts'
import { openSegmentsDirectory, segmentsDirectory } from './segments-directory.ts'
import { enterMemory } from './shared-memories.ts'

/**
 * Opens named memory that the processes of this user share, or makes it, unless `create` is false.
 *
 * @param name - letters, digits, `.`, `_` and `-`.
 * @throws SdError `SD_SHM_NAME`, `SD_SHM_OPTIONS`, `SD_SHM_DIRECTORY`, `SD_SHM_DAMAGED`, `SD_SHM_FULL`, `SD_SHM_BUSY`,
 * `SD_SHM_MISSING`.
 * @example
 * ```ts
 * const segment = await openSegment<{ hits: number }>('counters', { size: 1_048_576 })
 * const hits = segment.get('hits')
 * await segment.compareAndSet('hits', hits, (hits ?? 0) + 1)
 * await segment.close()
 * ```
 */
export async function openSegment<Entries extends object = Record<string, unknown>>(
  name: string,
  options: SegmentOptions = {},
): Promise<Segment<Entries>> {
  checkSegmentName(name)
  const { size, timeout, create } = resolveSegmentOptions(options)
  const directory = join(await openSegmentsDirectory(segmentsDirectory(), create), name)
  const shared = await enterMemory({ name, directory, create }, size, timeout)
  return new SegmentHandle(shared, timeout) as unknown as Segment<Entries>
}
