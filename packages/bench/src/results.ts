import type { Kind } from './adapters/adapter.ts'
import { median, spread } from './report/median.ts'
import type { Machine } from './system/machine.ts'
import type { Metric, Sample } from './workloads/workload.ts'

/** What one subject did at one workload. */
export interface Row {
  readonly subject: string
  readonly kind: Kind
  readonly samples: readonly Sample[]
  /** Why it was given up. */
  readonly failure?: string
}

/** What all subjects did at one workload. */
export interface WorkloadResult {
  readonly name: string
  readonly title: string
  readonly metrics: readonly Metric[]
  readonly rows: readonly Row[]
}

/** All that a run found. */
export interface Results {
  readonly machine: Machine
  readonly rounds: number
  /** Milliseconds of one measurement. */
  readonly duration: number
  readonly workloads: readonly WorkloadResult[]
}

/** The median of a metric over the rounds, or undefined where nothing was measured. */
export function medianOf(row: Row | undefined, metric: string): number | undefined {
  const values = valuesOf(row, metric)
  return values.length > 0 ? median(values) : undefined
}

/** How far the rounds lie apart: see {@link spread}. */
export function spreadOf(row: Row | undefined, metric: string): number | undefined {
  const values = valuesOf(row, metric)
  return values.length > 1 ? spread(values) : undefined
}

function valuesOf(row: Row | undefined, metric: string): number[] {
  return row?.samples.map((sample) => sample[metric]!) ?? []
}
