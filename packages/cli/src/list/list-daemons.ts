import { type ListedDaemon, listDaemons } from '@sd/control/client'
import { type DaemonStatus, sumMemory } from '../daemons/daemon-status.ts'
import { withControl } from '../daemons/with-control.ts'
import { formatBytes, formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'

/** A daemon as `list --json` shows it. */
interface DaemonRow {
  readonly name: string
  readonly pid: number | null
  /** The daemon's state; `silent`: it lives and does not answer; `dead`: it has left a socket behind. */
  readonly state: string
  /** Milliseconds. */
  readonly uptime: number | null
  readonly iterations: number | null
  /** How many child processes it has. */
  readonly workers: number | null
  /** Bytes of the daemon and its children. */
  readonly memory: number | null
  readonly restarts: number | null
  readonly socket: string
  /** Why it is silent. */
  readonly problem?: string
}

/** Tells of every daemon of this user. */
export async function listAllDaemons(_: unknown, out: Output): Promise<void> {
  const progress = out.progress('Asking the daemons')
  const rows = await Promise.all((await listDaemons()).map(look)).finally(progress.end)
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

async function look(listed: ListedDaemon): Promise<DaemonRow> {
  const { name, path: socket, state, daemon, problem } = listed
  const unknown = { uptime: null, iterations: null, workers: null, memory: null, restarts: null, socket }
  if (state === 'stale') return { name, pid: null, state: 'dead', ...unknown }
  if (state === 'silent') return { name, pid: null, state, ...unknown, problem: problem ?? 'no answer' }
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
    return { name, pid: daemon?.pid ?? null, state: 'silent', ...unknown, problem: message }
  }
}

function show(value: number | null, format: (value: number) => string = String): string {
  return value === null ? '-' : format(value)
}
