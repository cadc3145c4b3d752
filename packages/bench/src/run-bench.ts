import type { BenchOptions } from './arguments.ts'
import type { Results, Row, WorkloadResult } from './results.ts'
import { runSubject } from './run-subject.ts'
import { MachineWatch } from './system/machine.ts'
import { kindOf } from './workloads/subjects.ts'
import type { Sample, Workload } from './workloads/workload.ts'
import { workloads } from './workloads/workloads.ts'

/**
 * Measures what is asked for.
 *
 * @param report - told of each measurement.
 * @param signal - ends the run.
 */
export async function runBench(
  options: BenchOptions,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Results> {
  const { only, rounds, duration } = options
  const watch = new MachineWatch()
  const results: WorkloadResult[] = []
  for (const workload of workloads.filter(({ name }) => only?.includes(name) ?? true)) {
    const subjects = chooseSubjects(workload, options)
    if (subjects.length > 0) results.push(await runWorkload(workload, subjects))
  }
  return { machine: watch.describe(), rounds, duration, workloads: results }

  /** The subjects take turns in every round, so that what changes on the machine changes for all of them. */
  async function runWorkload(workload: Workload, subjects: readonly string[]): Promise<WorkloadResult> {
    const rows = subjects.map(
      (subject): Turns => ({ subject, kind: kindOf(subject), samples: [], isSlow: false }),
    )
    for (let round = 1; round <= rounds; round++) {
      watch.calibrate()
      for (const row of rows) {
        for (let turn = 0; turn < (workload.repeats ?? 1); turn++) await runTurn(workload, row, round)
      }
    }
    const { name, title, metrics } = workload
    return { name, title, metrics, rows: rows.map(({ isSlow, ...row }) => row) }
  }

  async function runTurn(workload: Workload, row: Turns, round: number): Promise<void> {
    // What failed once is not waited for again, and what takes long needs no second look.
    if (row.failure !== undefined || row.isSlow || signal.aborted) return
    const start = performance.now()
    const outcome = await runSubject(workload, row.subject, duration, signal)
    row.isSlow = performance.now() - start > SLOW
    if ('sample' in outcome) row.samples.push(outcome.sample)
    else row.failure = outcome.failure
    const found = 'sample' in outcome ? JSON.stringify(outcome.sample) : `FAILED: ${outcome.failure}`
    report(`${workload.name} ${round}/${rounds} ${row.subject} ${found}`)
  }
}

/** Milliseconds from which on a measurement is not repeated. */
const SLOW = 15_000

/** A row in the making. */
interface Turns extends Row {
  readonly samples: Sample[]
  failure?: string
  isSlow: boolean
}

function chooseSubjects(workload: Workload, { full, only, peers }: BenchOptions): readonly string[] {
  if (peers) return workload.subjects.filter((name) => peers.includes(name))
  if (full) return workload.subjects
  // A workload that is asked for by name is worth a run even where a quick run leaves it out.
  return only && workload.quick.length === 0 ? workload.subjects : workload.quick
}
