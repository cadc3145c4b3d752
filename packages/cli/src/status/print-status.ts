import { escapeText } from '@sd/core/escape-text'
import { type DaemonStatus, listProcesses, sumMemory } from '../daemons/daemon-status.ts'
import { formatLogLine } from '../output/format-log-line.ts'
import { formatBytes, formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { readLock, readPools } from './plugin-facts.ts'

/** Prints what a daemon tells of itself, for people. */
export function printStatus(status: DaemonStatus, out: Output): void {
  const { bold, green, yellow } = out.style
  const state = status.state === 'running' ? green(status.state) : yellow(escapeText(status.state))
  out.print(
    `${bold(escapeText(status.name))} is ${state}, pid ${status.pid}, for ${formatDuration(status.uptime)}`,
  )
  printFacts(status, out)
  printProcesses(status, out)
  printPools(status, out)
  if (status.log.length > 0) out.print('')
  for (const line of status.log) out.print(formatLogLine(line, out.style))
}

function printFacts(status: DaemonStatus, out: Output): void {
  const { loop, restarts, canRestart, plugins } = status
  const memory = `${formatBytes(sumMemory(status))} in ${count(listProcesses(status).length, 'process', 'processes')}`
  const busy = `${Math.round(loop.busy * 100)} % busy`
  const means = `mean ${formatDuration(loop.meanDuration)}, idle ${formatDuration(loop.meanIdle)}`
  const facts: [string, string | undefined][] = [
    ['program', status.program ?? undefined],
    ['loop', `${count(loop.iterations, 'iteration', 'iterations')}, ${busy}, ${means}`],
    ['overruns', loop.overruns > 0 ? out.style.yellow(String(loop.overruns)) : undefined],
    ['memory', memory],
    ['restarts', `${restarts}${canRestart ? '' : ' (it cannot restart: it runs in a plain shell)'}`],
    ['lock', readLock(plugins)],
  ]
  for (const [name, fact] of facts) {
    if (fact !== undefined) out.print(`  ${out.style.dim(name.padEnd(9))} ${escapeText(fact)}`)
  }
}

function printProcesses(status: DaemonStatus, out: Output): void {
  out.print('')
  const [daemon, ...children] = listProcesses(status)
  const tree = [
    { ...daemon!, uptime: status.uptime, branch: '' },
    ...children.map((child, n) => ({ ...child, branch: n === children.length - 1 ? '└─ ' : '├─ ' })),
  ]
  out.printTable({
    columns: [{ title: 'process' }, ...['pid', 'up', 'memory'].map(right)],
    rows: tree.map(({ branch, role, pid, uptime, memory }) => [
      `${branch}${role}`,
      String(pid),
      uptime === undefined ? '-' : formatDuration(uptime),
      memory === null ? '-' : formatBytes(memory),
    ]),
  })
}

function printPools({ plugins }: DaemonStatus, out: Output): void {
  const pools = readPools(plugins)
  if (pools.length === 0) return
  out.print('')
  out.printTable({
    columns: [
      { title: 'pool' },
      ...['size', 'busy', 'queued'].map(right),
      { title: 'method' },
      ...['calls', 'mean', 'p99'].map(right),
    ],
    rows: pools.flatMap(({ name, size, busy, queued, methods }) => {
      const [first, ...others] = methods.map(({ method, calls, mean, p99 }) => [
        method,
        String(calls),
        calls === 0 ? '-' : formatDuration(mean),
        calls === 0 ? '-' : formatDuration(p99),
      ])
      const pool = [name, String(size), String(busy), String(queued)]
      return [[...pool, ...(first ?? [])], ...others.map((cells) => ['', '', '', '', ...cells])]
    }),
  })
}

function right(title: string): { title: string; align: 'right' } {
  return { title, align: 'right' }
}

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}
