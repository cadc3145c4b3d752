/** Ctrl-C and its kin while a command waits. */
export interface Interruption {
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal
  /** Leaves the signals to the system again. */
  end(): void
}

/** From now on SIGINT, SIGTERM and SIGHUP do not end the process, but what it waits for. */
export function interruption(): Interruption {
  const abort = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (): void => abort.abort()
  for (const signal of signals) process.on(signal, onSignal)
  return {
    signal: abort.signal,
    end() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}
