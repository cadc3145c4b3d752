import { askDaemon } from '../daemons/ask-daemon.ts'
import { answerError, asList, asNumber, isFacts } from '../daemons/read-facts.ts'
import { formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { readCall } from '../top/snapshot.ts'

/** Shows what a daemon's workers do now. */
export async function showCalls({ daemon }: { readonly daemon: string }, out: Output): Promise<void> {
  const answer = await askDaemon(daemon, out, (client) => client.call('calls'))
  if (!isFacts(answer)) throw answerError('calls')
  if (out.json) return out.printJson(answer)
  const [calls, pools] = [asList(answer.calls), asList(answer.pools)]
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
    rows: calls
      .map(readCall)
      .map(({ id, pool, method, status, age, pid, retries }) => [
        String(id),
        pool,
        method,
        status === 'running' ? out.style.green(status) : status,
        age === null ? '-' : formatDuration(age),
        pid === null ? '-' : String(pid),
        String(retries),
      ]),
  })
  const more = pools.reduce((sum, { pending }) => sum + asNumber(pending), 0) - calls.length
  if (more > 0) out.say(`${more} more wait.`)
}
