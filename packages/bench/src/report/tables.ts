import { medianOf, type Results, spreadOf, type WorkloadResult } from '../results.ts'
import { checkTargets, judge } from '../targets.ts'
import { formatNumber, formatShare } from './format-number.ts'
import type { Table } from './table.ts'

/** The columns of the first table: a workload, one of its metrics, and what stands above it. */
const OVERVIEW = [
  ['no-op-1', 'rate', 'no-op, calls/s'],
  ['no-op-2', 'rate', '2 workers, calls/s'],
  ['burst', 'time', '100,000 at once, s'],
  ['burst', 'caller', 'peak, MiB'],
  ['latency', 'p50', 'p50, µs'],
  ['latency-one-core', 'p50', 'one core, µs'],
  ['object', 'rate', '1 KB object, calls/s'],
  ['buffer', 'rate', '1 MiB Buffer, MiB/s'],
  ['cold', 'time', 'cold, ms'],
  ['memory', 'memory', 'idle worker, MiB'],
] as const

/** All tables of a run: the pools at a glance, the targets, and a table for each workload. */
export function makeTables(results: Results): Table[] {
  return [makeOverview(results), makeTargets(results), ...results.workloads.map(makeTable)].filter(
    ({ rows }) => rows.length > 0,
  )
}

function makeOverview({ workloads }: Results): Table {
  const columns = OVERVIEW.filter(([name]) => workloads.some((workload) => workload.name === name))
  const shown = workloads.filter(({ name }) => columns.some(([other]) => other === name))
  const subjects = new Set(shown.flatMap(({ rows }) => rows.map(({ subject }) => subject)))
  return {
    title: 'All pools, one worker (medians)',
    head: ['', ...columns.map(([, , title]) => title)],
    rows: [...subjects].map((subject) => [
      subject,
      ...columns.map(([name, metric]) => {
        const workload = shown.find((workload) => workload.name === name)
        return formatNumber(
          medianOf(
            workload?.rows.find((row) => row.subject === subject),
            metric,
          ),
        )
      }),
    ]),
  }
}

function makeTargets(results: Results): Table {
  const targets = checkTargets(results).filter((target) => target.ratio !== undefined)
  return {
    title: 'Targets (ours divided by theirs)',
    head: ['', 'ratio', 'wanted', 'against', ''],
    rows: targets.map((target) => [
      target.what,
      target.ratio!.toFixed(2),
      `${target.sense} ${target.limit}`,
      target.against ?? '',
      judge(target),
    ]),
  }
}

function makeTable({ name, title, metrics, rows }: WorkloadResult): Table {
  return {
    title: `${name}: ${title}`,
    head: ['', ...metrics.map((metric) => `${metric.name}, ${metric.unit}`)],
    rows: rows.map((row) => [
      row.failure === undefined ? row.subject : `${row.subject} (failed: ${row.failure})`,
      ...metrics.map(
        (metric) => formatNumber(medianOf(row, metric.name)) + formatShare(spreadOf(row, metric.name)),
      ),
    ]),
  }
}
