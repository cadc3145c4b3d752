import { lstatSync, type Stats } from 'node:fs'

/**
 * What lies where a regular file belongs, as a part of a sentence: `a named pipe`.
 *
 * @returns undefined for a regular file, and where there is nothing.
 */
export function describeFileKind(status: Stats | undefined): string | undefined {
  if (!status || status.isFile()) return undefined
  if (status.isFIFO()) return 'a named pipe'
  if (status.isSocket()) return 'a socket'
  if (status.isDirectory()) return 'a directory'
  if (status.isSymbolicLink()) return 'a symbolic link'
  return 'a device'
}

/** The same of a path that could not be opened; undefined where it cannot be looked at either. */
export function readFileKind(path: string): string | undefined {
  try {
    return describeFileKind(lstatSync(path, { throwIfNoEntry: false }))
  } catch {
    return undefined
  }
}
