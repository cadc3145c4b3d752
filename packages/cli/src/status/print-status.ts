import type { Life } from '@sd/control/life'
import { escapeText } from '@sd/core/escape-text'
import { type DaemonStatus, describeLogProblem, listProcesses, sumMemory } from '../daemons/daemon-status.ts'
import { describeEnd } from '../life/describe-life.ts'
import { printFacts, printStack } from '../life/print-life.ts'
import { formatLogLine } from '../output/format-log-line.ts'
import { formatBytes, formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { readLocks, readPools } from './plugin-facts.ts'

/** Prints what a daemon tells of itself, for people. */
export function printStatus(status: DaemonStatus, life: Life | undefined, out: Output): void {
  const { bold, green, yellow } = out.style
  const state = status.state === 'running' ? green(status.state) : yellow(escapeText(status.state))
  out.print(
    `${bold(escapeText(status.name))} is ${state}, pid ${status.pid}, for ${formatDuration(status.uptime)}`,
  )
  printFacts(factsOf(status, out), out)
  if (life) printLastLife(life, out)
  printProcesses(status, out)
  printPools(status, out)
  if (status.log.length > 0) out.print('')
  for (const line of status.log) out.print(formatLogLine(line, out.style))
}

function factsOf(status: DaemonStatus, out: Output): [string, string | undefined][] {
  const { loop, restarts, canRestart, plugins, logFile } = status
  const memory = `${formatBytes(sumMemory(status))} in ${count(listProcesses(status).length, 'process', 'processes')}`
  const busy = `${Math.round(loop.busy * 100)} % busy`
  const means = `mean ${formatDuration(loop.meanDuration)}, idle ${formatDuration(loop.meanIdle)}`
  const problem = describeLogProblem(status)
  return [
    ['program', status.program ?? undefined],
    ['loop', `${count(loop.iterations, 'iteration', 'iterations')}, ${busy}, ${means}`],
    ['overruns', loop.overruns > 0 ? out.style.yellow(String(loop.overruns)) : undefined],
    ['memory', memory],
    ['restarts', `${restarts}${canRestart ? '' : ' (it cannot restart: it runs in a plain shell)'}`],
    ...readLocks(plugins).map(({ plugin, text }): [string, string] => [plugin, text]),
    ['log', logFile?.path ?? undefined],
    ['log file', problem === undefined ? undefined : out.style.yellow(problem)],
  ]
}

/** How the lives before have ended. */
function printLastLife({ end, crash }: Life, out: Output): void {
  printFacts(
    [
      ['last end', end ? describeEnd(end) : undefined],
      ['crash', crash ? describeEnd(crash) : undefined],
    ],
    out,
  )
  const failed = end?.error ? end : crash
  if (failed) printStack(failed, out)
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
