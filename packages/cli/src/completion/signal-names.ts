import { constants } from 'node:os'
import type { Candidate } from './complete-words.ts'

/** What a daemon does about some of them. */
const MEANINGS: Readonly<Record<string, string>> = {
  INT: 'stops in order',
  TERM: 'stops in order',
  HUP: 'restarts in place',
  USR1: 'writes its statistics to the log',
  CONT: 'ends a sleep',
  KILL: 'ends at once, and leaves everything behind',
}

/** @param prefix - what the names are to begin with: `SIG` or nothing. */
export function listSignalNames(prefix: string): Candidate[] {
  return Object.keys(constants.signals).map((name): Candidate => {
    const short = name.slice('SIG'.length)
    return [`${prefix}${short}`, MEANINGS[short] ?? '']
  })
}
