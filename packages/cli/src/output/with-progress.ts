import type { Output } from './output.ts'

/**
 * Shows that work is under way as long as it is, where it takes its time.
 *
 * @param what - `Asking poller`.
 */
export async function withProgress<Result>(
  out: Output,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const progress = out.progress(what)
  try {
    return await work()
  } finally {
    progress.end()
  }
}
