import type { Job } from '../jobs/job-database.ts'

const HEADER = ['worker', 'method', 'calls', 'returned', 'failed', 'cancelled', 'mean', 'p99']

/** The jobs as rows of a table, one per method. Times are those that the calls ran, without waiting. */
export function summarizeJobs(jobs: readonly Job[]): string[][] {
  const groups = Map.groupBy(jobs, ({ worker, method }) => `${worker} ${method}`)
  return [HEADER, ...[...groups.values()].map(summarize).sort()]
}

function summarize(jobs: readonly Job[]): string[] {
  const count = (...states: string[]): number => jobs.filter(({ state }) => states.includes(state)).length
  const times = jobs
    .filter(({ state }) => state === 'returned')
    .map(({ startedAt, endedAt }) => endedAt! - startedAt!)
    .sort((a, b) => a - b)
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  const p99 = times[Math.ceil(times.length * 0.99) - 1]
  return [
    jobs[0]!.worker,
    jobs[0]!.method,
    String(jobs.length),
    String(count('returned')),
    String(count('failed', 'timeout')),
    String(count('cancelled')),
    formatTime(mean),
    formatTime(p99),
  ]
}

function formatTime(milliseconds: number | undefined): string {
  return Number.isFinite(milliseconds) ? `${milliseconds!.toFixed(1)} ms` : '-'
}
