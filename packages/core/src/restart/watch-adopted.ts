import type { Clock, Timer } from '../clock.ts'
import { findChildren } from './living-children.ts'

/** Milliseconds between two looks. What this process has started itself is reaped long before the second one. */
const PERIOD = 5000

/**
 * Warns once when processes that others have left behind have ended and stay in the system's table: process 1 of a
 * container gets them, and Node has no way to reap what it has not started.
 *
 * @returns a function that ends it.
 */
export function watchAdopted(clock: Clock, warn: (message: string) => void): () => void {
  let seen: readonly number[] = []
  let timer: Timer
  const look = (): void => {
    const { ended } = findChildren()
    const staying = ended.filter((pid) => seen.includes(pid))
    if (staying.length > 0) return warn(adoptedWarning(staying.length))
    seen = ended
    timer = clock.after(PERIOD, look, false)
  }
  look()
  return () => timer?.cancel()
}

function adoptedWarning(count: number): string {
  const what = count === 1 ? 'A process that has ended stays' : `${count} processes that have ended stay`
  return `${what} in the system's table: the daemon is process 1 of its container and gets what other programs leave behind, which Node cannot reap. Run the container with an init process: docker run --init, "init: true" in Compose, shareProcessNamespace in Kubernetes.`
}
