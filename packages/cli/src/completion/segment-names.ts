import type { Candidate } from './complete-words.ts'

/** The names of this user's segments of shared memory, where `@sd/shm` is installed. */
export async function listSegmentNames(): Promise<Candidate[]> {
  try {
    const { listSegments } = await import('@sd/shm')
    return (await listSegments()).map((name): Candidate => [name, 'a segment'])
  } catch {
    // What cannot be listed is not completed.
    return []
  }
}
