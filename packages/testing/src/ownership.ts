import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findOwned, startOf } from './process-scan.ts'

/** The variable that marks the processes of a test. */
export const MARKER = 'SD_TEST_ID'

const PREFIX = 'sd-test-'
const PLACES = [tmpdir(), '/dev/shm']

/**
 * Names this process for good: its pid namespace, its pid and when it started. Directories and processes of a test
 * carry it, so that those of a run that was killed can be told from those of one that goes on.
 */
export function describeOwner(): string {
  return `${namespaceOf()}.${process.pid}.${startOf(process.pid) ?? 0}`
}

/**
 * A new directory that {@link removeAbandoned} removes when this process has been killed.
 *
 * @param place - where; `/dev/shm` for shared memory. @default the temporary directory
 */
export function makeOwnedDirectory(place: string = tmpdir()): string {
  // Resolved, because on some systems the temporary directory is a link and programs report the real one.
  return mkdtempSync(join(realpathSync(place), `${PREFIX}${describeOwner()}-`))
}

/** Kills the processes and removes the directories of test runs that were killed. Linux only. */
export function removeAbandoned(): void {
  if (process.platform !== 'linux') return
  for (const { pid, owner } of findOwned(`${MARKER}=`)) if (isGone(owner)) kill(pid)
  for (const place of PLACES) {
    for (const name of list(place)) {
      const owner = /^sd-test-([\d.]+)-\w+$/.exec(name)?.[1]
      if (owner && isGone(owner)) rmSync(join(place, name), { recursive: true, force: true })
    }
  }
}

/** Owners of another pid namespace are out of sight, and what names no owner is somebody else's. */
function isGone(owner: string): boolean {
  const [, namespace, pid, start] = /^(\d+)\.(\d+)\.(\d+)$/.exec(owner) ?? []
  return namespace === namespaceOf() && startOf(Number(pid)) !== start
}

/** Its number; 0 where there is none. */
function namespaceOf(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]
  } catch {
    return '0'
  }
}

function list(place: string): string[] {
  try {
    return readdirSync(place)
  } catch {
    return []
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone meanwhile.
  }
}
