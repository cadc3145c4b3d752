import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isDaemonName, runDirectory } from '@sd/core'
import { isKnownDead, readBoot } from '@sd/core/process-identity'
import {
  formatLifeRecord,
  type LifeEnd,
  type LifeRecord,
  LONGEST_RECORD,
  parseLifeRecord,
} from './life-record.ts'

/** What the records are called. */
const SUFFIX = '.life'

/** Others may not write. */
const WRITABLE_BY_OTHERS = 0o022

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants

/** A daemon's life, as its record and the system tell of it. */
export interface Life extends LifeRecord {
  /** Whether its process still runs. */
  readonly isAlive: boolean
  /** The user id that the record belongs to. */
  readonly owner: number
  /** The record's file. */
  readonly path: string
}

/** Where the life of a daemon is recorded. */
export function lifePath(name: string, directory: string = runDirectory()): string {
  return join(directory, `${name}${SUFFIX}`)
}

/**
 * Reads what is known of a daemon's life. A process that ended without a word could not record it: its life then counts as
 * `ended` here, `killed`. The record is that process's word: show it, but follow no path in it, and signal nobody, without
 * looking closer.
 *
 * @param name - the daemon's.
 * @param directory - @default runDirectory()
 * @returns undefined where there is no record that can be believed.
 */
export function readLife(name: string, directory: string = runDirectory()): Life | undefined {
  const path = lifePath(name, directory)
  const found = isDaemonName(name) ? readRecord(path, name) : undefined
  return found && lookAtProcess({ path, ...found })
}

/** Those of all daemons that have lived in this run directory. @param directory - @default runDirectory() */
export function listLives(directory: string = runDirectory()): Life[] {
  return listRecords(directory).map(lookAtProcess)
}

/**
 * Removes the record of a life that has ended. A daemon that starts may put its own there at any moment. So it is first taken
 * aside, which only one can do, and looked at again: what is another one's is put back, unless there is a newer one.
 *
 * @returns whether it was this one's.
 */
export function removeLife({ name, path, process: { pid, startTime, boot } }: Life): boolean {
  const aside = `${path}.${process.pid}.${process.hrtime.bigint()}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  try {
    const found = readRecord(aside, name)?.record.process
    if (found?.pid === pid && found.startTime === startTime && found.boot === boot) return true
    putBack(aside, path)
    return false
  } finally {
    unlinkSync(aside)
  }
}

function putBack(aside: string, path: string): void {
  try {
    // Fails where there is one.
    linkSync(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

interface FoundRecord {
  readonly path: string
  readonly record: LifeRecord
  readonly owner: number
}

function lookAtProcess({ path, record, owner }: FoundRecord): Life {
  const isAlive = isLifeAlive(record)
  const isTold = isAlive || record.state === 'ended'
  return { ...record, ...(!isTold && endWithoutWord(record)), isAlive, owner, path }
}

/** Whether the process of a record may still run: in doubt it does. */
export function isLifeAlive({ process: { boot, ...identity } }: LifeRecord): boolean {
  // Times of another boot mean nothing, and all of its processes have ended.
  return boot === readBoot() && !isKnownDead(identity)
}

/** What a life comes to whose process ended without a word. */
export function endWithoutWord(record: LifeRecord): Pick<LifeRecord, 'state' | 'end' | 'crash'> {
  const { process, state } = record
  const why =
    state === 'running'
      ? 'the process was killed, or has crashed'
      : `the process was killed, or has crashed, while it was ${state}`
  const killed: LifeEnd = {
    pid: process.pid,
    at: null,
    reason: 'killed',
    why,
    exitCode: null,
    uptime: null,
    error: null,
    log: [],
  }
  return { state: 'ended', end: killed, crash: null }
}

/**
 * Writes a record, in one step: a reader finds the old one or the new one.
 *
 * @param path - in a directory that only its owner can write to.
 * @throws the system's error.
 */
export function writeLifeRecord(path: string, record: LifeRecord): void {
  const aside = join(dirname(path), `.${record.name}${SUFFIX}.${process.pid}`)
  const descriptor = createAnew(aside)
  try {
    writeSync(descriptor, formatLifeRecord(record))
  } finally {
    closeSync(descriptor)
  }
  renameSync(aside, path)
}

/** The records of a run directory, without a look at their processes. @param directory - @default runDirectory() */
export function listRecords(directory: string = runDirectory()): FoundRecord[] {
  return listNames(directory).flatMap((name) => {
    const path = lifePath(name, directory)
    const found = isDaemonName(name) ? readRecord(path, name) : undefined
    return found ? [{ path, ...found }] : []
  })
}

/** Reads a record, without a look at its process. */
export function readRecord(path: string, name: string): { record: LifeRecord; owner: number } | undefined {
  let descriptor: number
  try {
    // NONBLOCK: opening a named pipe must not wait for its writer.
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const { size, uid } = checkFile(descriptor)
    if (size > LONGEST_RECORD || size === 0) return undefined
    const record = parseLifeRecord(readFileSync(descriptor, 'utf8'), name)
    return record && { record, owner: uid }
  } catch {
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

/** @throws Error for what could have been written by others. */
function checkFile(descriptor: number): Stats {
  const status = fstatSync(descriptor)
  const own = process.getuid?.()
  // What root looks at may be any user's: it is shown, and that is all.
  const isTrusted = own === undefined || own === 0 || status.uid === own || status.uid === 0
  if (!status.isFile() || !isTrusted || status.mode & WRITABLE_BY_OTHERS)
    throw new Error('not to be believed')
  return status
}

/** One that a killed process of this pid has left may be there. */
function createAnew(path: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    unlinkSync(path)
    return openSync(path, flags, 0o600)
  }
}

function listNames(directory: string): string[] {
  try {
    const files = readdirSync(directory).filter((file) => file.endsWith(SUFFIX) && !file.startsWith('.'))
    return files.map((file) => file.slice(0, -SUFFIX.length)).sort()
  } catch {
    return []
  }
}
