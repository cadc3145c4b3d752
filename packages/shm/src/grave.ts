import { rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { segmentFiles } from './segment-files.ts'
import type { SegmentOwner } from './segment-owner.ts'

/** The directory of a segment that was ended, until it is deleted: `.NAME.PID.THREAD.TIME`. No segment can have that name. */
export function nameGrave(segment: string, { pid, thread }: SegmentOwner): string {
  return `.${segment}.${pid}.${thread}.${process.hrtime.bigint()}`
}

const PATTERN = /^\.\w[\w.-]*\.\d+\.\d+\.\d+$/

/** Whether it may be the name of one: what else is hidden there is not ours. */
export function isGraveName(name: string): boolean {
  return PATTERN.test(name)
}

/** Deletes a segment's own files and then the directory; what somebody else has put there stays, and so does it. */
export async function removeGrave(grave: string): Promise<void> {
  const gone = ignoring('ENOENT')
  for (const file of segmentFiles) await unlink(join(grave, file)).catch(gone)
  await rmdir(grave).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST'))
}

function ignoring(...codes: readonly string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}
