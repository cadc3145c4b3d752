import { getPriority } from 'node:os'
import { readCredentials, readUmask } from './spawner/credentials.ts'

/**
 * All that a child takes over from this process when it is spawned, as a text to compare: a child that was spawned
 * while it was another is not what one would be that is spawned now.
 */
export function readInheritedState(): string {
  const umask = process.platform === 'linux' ? readUmask() : undefined
  return JSON.stringify([
    process.env,
    workingDirectory(),
    process.argv,
    getPriority(),
    umask,
    readCredentials(),
  ])
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    // It was removed; the attempt to spawn tells.
    return undefined
  }
}
