import { askDaemon } from '../daemons/ask-daemon.ts'
import { answerError, isFacts } from '../daemons/read-facts.ts'
import { formatTree } from '../output/format-tree.ts'
import type { Output } from '../output/output.ts'

/** Shows a daemon's statistics, and each plugin's. */
export async function showStats({ daemon }: { readonly daemon: string }, out: Output): Promise<void> {
  const stats = await askDaemon(daemon, out, (client) => client.call('stats'))
  if (!isFacts(stats)) throw answerError('stats')
  if (out.json) out.printJson(stats)
  else out.print(formatTree(stats, out.style))
}
