import { askDaemon } from '../daemons/ask-daemon.ts'
import { formatTree } from '../output/format-tree.ts'
import type { Output } from '../output/output.ts'
import { escapeAnswer } from '../text/escape-answer.ts'

/** Shows a daemon's statistics, and each plugin's. */
export async function showStats({ daemon }: { readonly daemon: string }, out: Output): Promise<void> {
  const stats = await askDaemon(daemon, out, (client) => client.call('stats'))
  if (out.json) out.printJson(stats)
  else out.print(formatTree(escapeAnswer(stats), out.style))
}
