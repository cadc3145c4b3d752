/**
 * Keeps so many calls in flight for a while: whoever has an answer calls again.
 *
 * @param duration - milliseconds.
 * @returns calls per second, up to the last answer.
 */
export async function keepInFlight(
  call: () => PromiseLike<unknown>,
  inFlight: number,
  duration: number,
): Promise<number> {
  let calls = 0
  let isOver = false
  const callOn = async (): Promise<void> => {
    while (!isOver) {
      await call()
      calls++
    }
  }
  const start = performance.now()
  // A timer, because looking at the clock costs as much as a fast call.
  setTimeout(() => {
    isOver = true
  }, duration)
  await Promise.all(Array.from({ length: inFlight }, callOn))
  return (calls * 1000) / (performance.now() - start)
}
