import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { codeFile } from '../system/code-file.ts'

/** Starts Node processes that only wait until their input ends. */
export async function startIdleNodes(count: number): Promise<{ close(): Promise<unknown> }> {
  const nodes = Array.from({ length: count }, () =>
    spawn(process.execPath, [codeFile('programs/idle')], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  await Promise.all(nodes.map((node) => once(node.stdout, 'data')))
  return {
    close: () =>
      Promise.all(
        nodes.map((node) => {
          const ended = once(node, 'exit')
          node.stdin.end()
          return ended
        }),
      ),
  }
}
