import { askDaemon } from '../daemons/ask-daemon.ts'
import { formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'

/** What the control method `calls` answers. */
interface CallsAnswer {
  readonly pools: readonly { readonly pool: string; readonly pending: number }[]
  readonly calls: readonly {
    readonly pool: string
    readonly id: number
    readonly method: string
    readonly status: string
    readonly pid: number | null
    readonly retries: number
    /** Milliseconds. */
    readonly age: number | null
  }[]
}

/** Shows what a daemon's workers do now. */
export async function showCalls({ daemon }: { readonly daemon: string }, out: Output): Promise<void> {
  const answer = (await askDaemon(daemon, out, (client) => client.call('calls'))) as unknown as CallsAnswer
  if (out.json) return out.printJson(answer)
  const { calls, pools } = answer
  if (calls.length === 0)
    return out.say(pools.length === 0 ? 'The daemon has no workers.' : 'No call is under way.')
  out.printTable({
    columns: [
      { title: 'call', align: 'right' },
      { title: 'pool' },
      { title: 'method' },
      { title: 'status' },
      { title: 'for', align: 'right' },
      { title: 'pid', align: 'right' },
      { title: 'retries', align: 'right' },
    ],
    rows: calls.map(({ id, pool, method, status, age, pid, retries }) => [
      String(id),
      pool,
      method,
      status === 'running' ? out.style.green(status) : status,
      age === null ? '-' : formatDuration(age),
      pid === null ? '-' : String(pid),
      String(retries),
    ]),
  })
  const more = pools.reduce((sum, { pending }) => sum + pending, 0) - calls.length
  if (more > 0) out.say(`${more} more wait.`)
}
