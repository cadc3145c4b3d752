import { readdirSync } from 'node:fs'
import { runDirectory } from '@sd/core'
import type { Candidate } from './complete-words.ts'

/** The names of daemons that have a socket or a pid file. Nobody is asked: somebody waits for the answer. */
export function listDaemonNames(): Candidate[] {
  const names = readRunDirectory().flatMap((file) => /^([^.].*)\.(?:sock|pid)$/.exec(file)?.[1] ?? [])
  return [...new Set(names)].sort().map((name): Candidate => [name, 'a daemon'])
}

function readRunDirectory(): string[] {
  try {
    return readdirSync(runDirectory())
  } catch {
    return []
  }
}
