import { type BigIntStats, statSync } from 'node:fs'
import { isAbsolute, resolve, sep } from 'node:path'

/**
 * The working directory as the shell names it: through symbolic links (`$PWD`), as long as that is the present one.
 *
 * @returns undefined where there is no working directory any more.
 */
export function logicalDirectory(): string | undefined {
  const { PWD: named } = process.env
  if (named !== undefined && isAbsolute(named) && isSameEntry(named, '.')) return named
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

/**
 * A path made absolute, through the links by which the shell names the working directory. A release directory behind a
 * link that is moved later (`current -> releases/7`) is found anew by it. Node itself resolves such links at once.
 *
 * @param path - relative to the working directory, or absolute.
 */
export function logicalPath(path: string): string {
  const directory = logicalDirectory()
  if (directory === undefined) return resolve(path)
  const physical = resolve(path)
  const present = `${process.cwd()}${sep}`
  if (!physical.startsWith(present)) return physical
  const logical = resolve(directory, physical.slice(present.length))
  return isSameEntry(logical, physical) ? logical : physical
}

/** Whether two paths lead to one file or directory. */
export function isSameEntry(one: string, other: string): boolean {
  const [a, b] = [readStatus(one), readStatus(other)]
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function readStatus(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}
