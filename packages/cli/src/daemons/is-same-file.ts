import { realpathSync } from 'node:fs'

/** Whether two paths are those of one file, by their names or by what these lead to. */
export function isSameFile(one: string, other: string): boolean {
  return one === other || realPath(one) === realPath(other)
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // It was moved away under a daemon that still runs.
    return path
  }
}
