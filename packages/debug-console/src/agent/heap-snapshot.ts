import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { Session } from 'node:inspector/promises'

/** Writes a heap snapshot of the main thread to a file that must not exist. @returns its size in bytes. */
export async function writeHeapSnapshot(session: Session, file: string): Promise<number> {
  // What a process remembers is nobody else's business.
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants
  const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  let size = 0
  let failure: unknown
  const write = ({ params }: { params: { chunk: string } }): void => {
    try {
      const bytes = Buffer.from(params.chunk)
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
      size += bytes.length
    } catch (error) {
      failure ??= error
    }
  }
  session.on('HeapProfiler.addHeapSnapshotChunk', write)
  try {
    await session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
    if (failure) throw failure
    return size
  } finally {
    session.off('HeapProfiler.addHeapSnapshotChunk', write)
    closeSync(fd)
  }
}
