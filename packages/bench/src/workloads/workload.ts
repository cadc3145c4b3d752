/** A number that a workload finds. */
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly better: 'more' | 'less'
}

/** What one process measured: a number for each metric. */
export type Sample = Readonly<Record<string, number>>

/** Something to measure, with everything that can be measured so. */
export interface Workload {
  readonly name: string
  /** One sentence that says what is measured and how. */
  readonly title: string
  readonly metrics: readonly Metric[]
  /** The pools, or other programs, that it can measure. */
  readonly subjects: readonly string[]
  /** Those that a quick run measures. */
  readonly quick: readonly string[]
  /** Processes for each subject in a round, where one number takes little time. @default 1 */
  readonly repeats?: number
  /** Whether all runs on one core. @default false */
  readonly pinned?: boolean
  /** Milliseconds until a process that measures is given up. @default 30_000 */
  readonly deadline?: number
  /** @param duration - milliseconds that it should take, where that can be chosen. */
  measure(subject: string, duration: number): Promise<Sample>
}
