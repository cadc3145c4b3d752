import { type ListedDaemon, listDaemons } from '@sd/control/client'
import { type DaemonStatus, sumMemory } from '../daemons/daemon-status.ts'
import { type BelievedPidFile, listPidFiles } from '../daemons/run-pid-files.ts'
import { withControl } from '../daemons/with-control.ts'
import { formatBytes, formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'

/** A daemon as `list --json` shows it. */
interface DaemonRow {
  readonly name: string
  readonly pid: number | null
  /** The daemon's state; `silent`: it lives and does not answer; `dead`: it has left a socket or a pid file behind. */
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
  /** Why it is silent. */
  readonly problem?: string
}

/** Tells of every daemon of this user. */
export async function listAllDaemons(_: unknown, out: Output): Promise<void> {
  const rows = await withProgress(out, 'Asking the daemons', lookAtAll)
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
    ]),
  })
}

/** What a daemon that does not answer does not tell. */
const unknown = { uptime: null, iterations: null, workers: null, memory: null, restarts: null }

async function lookAtAll(): Promise<DaemonRow[]> {
  const [listed, files] = await Promise.all([listDaemons(), listPidFiles()])
  const answers = await Promise.all(listed.map((each) => look(each, files)))
  const others = files.filter((file) => !answers.some((row) => isOf(file, row))).map(lookAtFile)
  return [...answers, ...others].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
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
  const { name, path: socket, state, daemon, problem } = listed
  if (state === 'stale') return { name, pid: null, state: 'dead', ...unknown, socket }
  if (state === 'silent') {
    const own = files.find((file) => file.name === name && file.isAlive)
    const pid = own?.record.pid ?? null
    return { name, pid, state, ...unknown, socket, problem: problem ?? 'no answer' }
  }
  try {
    const answer = await withControl(socket, (client) => client.call('status', { lines: 0 }))
    const status = answer as unknown as DaemonStatus
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
