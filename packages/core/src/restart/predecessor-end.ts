import type { Clock } from '../clock.ts'

/** Milliseconds that a predecessor may take to go; it has stopped already. */
const LIMIT = 10_000

/** Milliseconds. */
const LOOK_AGAIN = 20

/** Resolves when a process that has handed over is gone. */
export async function predecessorEnd(pid: number, clock: Clock): Promise<void> {
  const end = clock.now() + LIMIT
  while (exists(pid) && clock.now() < end) {
    await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN, resolve))
  }
}

function exists(pid: number): boolean {
  try {
    // Signal 0 is no signal: it only asks whether there is such a process.
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
