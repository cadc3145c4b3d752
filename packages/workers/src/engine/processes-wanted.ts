/** When the processes of a pool are started. */
export type Strategy = 'lazy' | 'mixed' | 'aggressive'

/**
 * The original's rule: the shorter the loop's interval, the less time there is to wait for a fork.
 *
 * @param interval - milliseconds, or null in block mode.
 */
export function strategyFor(interval: number | null): Strategy {
  if (interval === null || interval === 0 || interval > 2000) return 'lazy'
  return interval > 1000 ? 'mixed' : 'aggressive'
}

/** What a pool looks like at the moment. */
export interface PoolLoad {
  readonly strategy: Strategy
  readonly size: number
  /** Processes that take calls, or will when they are ready. */
  readonly alive: number
  /** Calls that wait or run. */
  readonly calls: number
  /** Calls that one process runs at a time. */
  readonly concurrency: number
  /** Whether the pool was ever called. */
  readonly called: boolean
}

/** How many processes there should be. */
export function processesWanted(load: PoolLoad): number {
  switch (load.strategy) {
    case 'aggressive':
      return load.size
    case 'mixed':
      return load.called ? load.size : Math.min(1, load.size)
    case 'lazy':
      return Math.min(load.size, Math.max(load.alive, Math.ceil(load.calls / load.concurrency)))
  }
}
