import { type ListedDaemon, listDaemons } from '@sd/control/client'
import { type Life, listLives, type Retry } from '@sd/control/life'
import { findRunDirectory } from '@sd/core'
import { describeLogProblem, readStatus, sumMemory } from '../daemons/daemon-status.ts'
import { type BelievedPidFile, listPidFiles } from '../daemons/run-pid-files.ts'
import { withControl } from '../daemons/with-control.ts'
import { describeEnd, describeRetry, stateOfLife } from '../life/describe-life.ts'
import { formatBytes, formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'

/** A daemon as `list --json` shows it. */
interface DaemonRow {
  readonly name: string
  readonly pid: number | null
  /** The daemon's state; `silent`: it lives and does not answer; `retrying`: it waits to be tried
   * again after a failure; `dead`: it has left a socket or a pid file behind; `crashed`; `stopped`: in order. */
  readonly state: string
  /** Milliseconds. */
  readonly uptime: number | null
  readonly iterations: number | null
  /** How many child processes it has. */
  readonly workers: number | null
  /** Bytes of the daemon and its children. */
  readonly memory: number | null
  readonly restarts: number | null
  /** Null of one that has none, or not now: because it waits to be tried again after a failure, for instance. */
  readonly socket: string | null
  /** What an operator should look at: why it is silent, or has ended; what is wrong with its log. */
  readonly problem?: string
  /** Of one that is tried again after a failure. */
  readonly retry?: Retry
}

/** What `list` is called with. */
interface ListArguments {
  /** Whether daemons that have stopped are listed, too. */
  readonly all: boolean
}

/** Tells of every daemon of this user. */
export async function listAllDaemons({ all }: ListArguments, out: Output): Promise<void> {
  const found = await withProgress(out, 'Asking the daemons', lookAtAll)
  const rows = found.filter(({ state }) => all || state !== 'stopped')
  if (out.json) return out.printJson(rows)
  if (rows.length === 0) return out.say('No daemon runs. Start one with: sd-cli start FILE')
  out.printTable({
    columns: [
      { title: 'name' },
      { title: 'pid', align: 'right' },
      { title: 'state' },
      ...['uptime', 'iterations', 'workers', 'memory', 'restarts'].map((title) => ({
        title,
        align: 'right' as const,
      })),
      ...(rows.some(({ problem }) => problem !== undefined) ? [{ title: 'note' }] : []),
    ],
    rows: rows.map((row) => [
      row.name,
      show(row.pid),
      row.state === 'running' ? out.style.green(row.state) : out.style.yellow(row.state),
      show(row.uptime, formatDuration),
      show(row.iterations),
      show(row.workers),
      show(row.memory, formatBytes),
      show(row.restarts),
      ...(row.problem === undefined ? [] : [row.problem.split('\n', 1)[0]!]),
    ]),
  })
}

/** What a daemon that does not answer does not tell. */
const unknown = { uptime: null, iterations: null, workers: null, memory: null, restarts: null }

async function lookAtAll(): Promise<DaemonRow[]> {
  // A user without a home has no daemons there.
  if (findRunDirectory() === undefined) return []
  const [listed, files] = await Promise.all([listDaemons(), listPidFiles()])
  const lives = new Map(listLives().map((life) => [life.name, life]))
  const answers = await Promise.all(listed.map((each) => look(each, files)))
  const others = files.filter((file) => !answers.some((row) => isOf(file, row))).map(lookAtFile)
  const seen = [...answers, ...others].map((row) => withLife(row, lives.get(row.name)))
  const recorded = [...lives.values()]
    .filter(({ name }) => !seen.some((row) => row.name === name))
    .map(lookAtLife)
  return [...seen, ...recorded].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** What its record adds to what is seen of a daemon that does not answer. */
function withLife(row: DaemonRow, life: Life | undefined): DaemonRow {
  if (!life) return row
  if (row.state === 'dead' && life.end) return { ...row, problem: describeEnd(life.end) }
  const isUnderway = row.state === 'silent' && row.socket === null && life.isAlive && life.state !== 'running'
  return isUnderway ? { ...row, ...explainLife(life) } : row
}

function lookAtLife(life: Life): DaemonRow {
  const pid = life.isAlive && life.state !== 'ended' ? life.process.pid : null
  return { name: life.name, pid, ...unknown, socket: null, ...explainLife(life) }
}

function explainLife(life: Life): Pick<DaemonRow, 'state' | 'problem' | 'retry'> {
  const { retry, reason, end } = life
  const state = stateOfLife(life)
  if (state === 'retrying' && retry) return { state, problem: describeRetry(retry), retry }
  if (life.state === 'ended') return { state, ...(end && { problem: describeEnd(end) }) }
  return { state, ...(reason !== null && { problem: reason }) }
}

/** Whether a pid file belongs to a daemon that was found by its socket. */
function isOf({ name, record, isAlive }: BelievedPidFile, row: DaemonRow): boolean {
  return row.name === name || (isAlive && row.pid === record.pid)
}

function lookAtFile({ name, record: { pid }, isAlive }: BelievedPidFile): DaemonRow {
  const row = { name, ...unknown, socket: null }
  if (!isAlive) return { ...row, pid: null, state: 'dead' }
  return { ...row, pid, state: 'silent', problem: 'it has no control socket' }
}

async function look(listed: ListedDaemon, files: readonly BelievedPidFile[]): Promise<DaemonRow> {
  const { name, path: socket, state, daemon } = listed
  if (state === 'stale') return { name, pid: null, state: 'dead', ...unknown, socket }
  if (state === 'silent') {
    const own = files.find((file) => file.name === name && file.isAlive)
    const pid = own?.record.pid ?? null
    return { name, pid, state, ...unknown, socket, problem: listed.problem ?? 'no answer' }
  }
  try {
    const answer = await withControl(socket, (client) => client.call('status', { lines: 0 }))
    const status = readStatus(answer)
    const log = describeLogProblem(status)
    const problem = log === undefined ? undefined : `log: ${log}`
    return {
      name,
      pid: status.pid,
      state: status.state,
      uptime: Math.round(status.uptime),
      iterations: status.loop.iterations,
      workers: status.processes.children.length,
      memory: sumMemory(status),
      restarts: status.restarts,
      socket,
      ...(problem !== undefined && { problem }),
    }
  } catch (error) {
    // It may stop just now.
    const { message } = error as Error
    return { name, pid: daemon?.pid ?? null, state: 'silent', ...unknown, socket, problem: message }
  }
}

function show(value: number | null, format: (value: number) => string = String): string {
  return value === null ? '-' : format(value)
}
