import { setPriority } from 'node:os'

/** Sets it before the child has a second thread: on Linux it is one of a thread, which new threads inherit. */
export function setNiceValue(pid: number, value: number): void {
  try {
    setPriority(pid, value)
  } catch {
    // Not permitted, or dead already: it runs as it is.
  }
}
