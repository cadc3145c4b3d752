import type { Job } from '../jobs/job-database.ts'

const HEADER = ['worker', 'method', 'calls', 'returned', 'failed', 'cancelled', 'mean', 'p99']
/** The first columns hold text; the others numbers, which are aligned at the right. */
const TEXT_COLUMNS = 2

/** The jobs as a table: a row per method. Times are those that the calls ran, without waiting. */
export function formatTable(jobs: readonly Job[]): string {
  const groups = Map.groupBy(jobs, ({ worker, method }) => `${worker} ${method}`)
  const rows = [HEADER, ...[...groups.values()].map(summarize).sort()]
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < TEXT_COLUMNS ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  )
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  )
  return lines.map((line) => `  ${line.join('  ')}`).join('\n')
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
