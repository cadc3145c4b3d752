import { join } from 'node:path'
import { runDirectory } from '@sd/core'

/** Where a launched daemon's pid is, unless it was told another place. */
export function defaultPidFile(name: string, directory: string = runDirectory()): string {
  return join(directory, `${name}.pid`)
}
