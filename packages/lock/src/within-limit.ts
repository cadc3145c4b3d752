import { type Clock, SdError } from '@sd/core'

/**
 * Waits for an operation, but not longer than `limit` milliseconds.
 *
 * @param onLate - told the result of an operation that succeeds after its time.
 * @throws SdError `SD_LOCK_TIMEOUT`, or what the operation throws.
 */
export function withinLimit<Result>(
  clock: Clock,
  what: string,
  limit: number,
  operation: () => Promise<Result>,
  onLate: (result: Result) => void = () => {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = clock.after(limit, () => {
      late = true
      const message = `To ${what} took longer than ${Math.round(limit)} ms. Is the place of the lock reachable?`
      reject(new SdError('SD_LOCK_TIMEOUT', message, { limit }))
    })
    operation().then(
      (result) => {
        timer.cancel()
        if (late) onLate(result)
        else resolve(result)
      },
      (error) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
