/**
 * Calls at a steady rate, whether or not the calls before have been answered.
 *
 * @param rate - calls per second.
 * @param duration - milliseconds.
 * @returns microseconds that each call took from when it was due.
 */
export async function callAtRate(
  call: () => PromiseLike<unknown>,
  rate: number,
  duration: number,
): Promise<number[]> {
  const gap = 1000 / rate
  const count = Math.ceil(duration / gap)
  const times: number[] = []
  const timed = async (due: number): Promise<void> => {
    await call()
    times.push((performance.now() - due) * 1000)
  }
  const calls: Promise<void>[] = []
  const start = performance.now()
  while (calls.length < count) {
    const now = performance.now()
    for (let due = start + calls.length * gap; due <= now && calls.length < count; due += gap) {
      calls.push(timed(due))
    }
    // Never a timer: its millisecond is longer than what is measured.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(calls)
  return times
}
