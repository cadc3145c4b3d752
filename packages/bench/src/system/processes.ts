import { readdirSync, readFileSync } from 'node:fs'

/** The processes below a process. Only on Linux. */
export function listDescendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return children.flatMap((child) => [child, ...listDescendants(child)])
}
