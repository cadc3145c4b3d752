import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Shm } from './load-shm.ts'

/** A segment, as one sees it without opening it. */
export interface SegmentRow {
  readonly name: string
  /** The memory that it takes, bytes; null: it has just gone. */
  readonly memory: number | null
  /** When it was last written to. */
  readonly changed: string | null
}

/** This user's segments. None is opened: that would be a write in each. */
export async function describeSegments(shm: Shm): Promise<SegmentRow[]> {
  const names = await shm.listSegments()
  return await Promise.all(names.map((name) => describeSegment(name, shm.segmentsDirectory())))
}

async function describeSegment(name: string, directory: string): Promise<SegmentRow> {
  const status = await stat(join(directory, name, 'data.mdb')).catch(() => undefined)
  return {
    name,
    // What is mapped and was never written to takes none.
    memory: status ? status.blocks * 512 : null,
    changed: status?.mtime.toISOString() ?? null,
  }
}
