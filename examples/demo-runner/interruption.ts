/** The wish of the person at the terminal, or of the system, to end the demo early. */
export interface Interruption {
  /** Aborted at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  /** Called at the first, and again when another one comes more than a second later. */
  onWish: (() => void) | undefined
}

/** Package managers deliver one Ctrl-C twice. Milliseconds. */
const SAME_WISH = 1000

/** Listens from now on, to the end of the process. */
export function listenForInterruption(): Interruption {
  const abort = new AbortController()
  const interruption: Interruption = { signal: abort.signal, onWish: undefined }
  let last = Number.NEGATIVE_INFINITY
  const interrupt = (): void => {
    if (performance.now() - last < SAME_WISH) return
    last = performance.now()
    abort.abort()
    interruption.onWish?.()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  return interruption
}
