import * as fs from 'node:fs'
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { SdError } from '@sd/core'
import { describeFileKind, holdDirectory, OTHERS_MAY_WRITE, readFileKind } from '@sd/core/directory'
import { identify, isAlive, type ProcessIdentity, readBoot, readNamespace } from '@sd/core/process-identity'

/** What a pid file says. */
export interface PidRecord extends ProcessIdentity {
  /** Names the boot of the machine; empty where the system does not tell. */
  readonly boot: string
  /** Names the namespace that the pid is counted in, as of a container; undefined where that is not said. */
  readonly namespace?: string | undefined
  /** The file that the daemon runs, as a URL. */
  readonly program: string | undefined
}

/** Nothing that is a pid file is longer. Bytes. */
const LONGEST = 16 * 1024

/**
 * The first line is the pid, for whoever reads pid files. The others begin with a word, so that `kill $(cat FILE)`
 * cannot take one of their numbers for a pid.
 */
export function formatPidFile({ pid, startTime, boot, namespace, program }: PidRecord): string {
  const lines = [String(pid), `started:${startTime.replaceAll(/\s/g, '_')}:${boot}`]
  if (program !== undefined) lines.push(`program:${program}`)
  if (namespace) lines.push(`namespace:${namespace}`)
  return `${lines.join('\n')}\n`
}

/** @returns undefined for what we have not written. */
export function parsePidFile(text: string): PidRecord | undefined {
  const [first = '', second = '', ...others] = text.split('\n')
  const started = /^started:([^:]+):(.*)$/.exec(second)
  const pid = Number(first)
  if (!/^[1-9]\d*$/.test(first) || !Number.isSafeInteger(pid) || !started) return undefined
  const find = (word: string): string | undefined =>
    others.find((line) => line.startsWith(word))?.slice(word.length)
  const [program, namespace] = [find('program:'), find('namespace:')]
  return { pid, startTime: started[1]!.replaceAll('_', ' '), boot: started[2]!, program, namespace }
}

/** Whether the very process that a pid file names still runs. */
export function isPidAlive(record: PidRecord): boolean {
  // Times of another boot mean nothing, and all of its processes have ended.
  return record.boot === readBoot() && !isElsewhere(record) && isAlive(record)
}

/** Whether a pid file is of another container on this machine: its pid means another process here, or none. */
export function isElsewhere({ boot, namespace }: PidRecord): boolean {
  return boot === readBoot() && Boolean(namespace) && namespace !== readNamespace('pid')
}

/** This process, as its pid file has it. @param program - the file that it runs, as a URL. */
export function ownPidRecord(program: string | undefined): PidRecord {
  const { pid } = process
  const namespace = readNamespace('pid') || undefined
  return { pid, startTime: identify(pid)?.startTime ?? '', boot: readBoot(), program, namespace }
}

/**
 * Why a pid file must not be believed, or made, in a place: who can write there, or exchange a directory above it, decides
 * whom we signal.
 *
 * @returns in words; undefined when all is well.
 */
export function findPlaceProblem(path: string): string | undefined {
  const directory = dirname(path)
  const status = fs.statSync(directory, { throwIfNoEntry: false })
  if (!status?.isDirectory()) return `there is no directory ${directory}: make it, or choose another one`
  if (!isTrusted(status.uid))
    return `the directory ${directory} belongs to user id ${status.uid}: use one of your own`
  if (status.mode & OTHERS_MAY_WRITE) {
    return `others can write to the directory ${directory}: choose another one, or take that right away (chmod go-w ${directory})`
  }
  try {
    holdDirectory(directory).close()
    return undefined
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '')
  }
}

/**
 * Reads a pid file that can be believed.
 *
 * @returns undefined when there is none, or an empty one.
 * @throws SdError `SD_CLI_PID_FILE` when it is a link, garbage, or could have been written by others.
 */
export function readPidFile(path: string): PidRecord | undefined {
  const found = lookAtPidFile(path)
  return found === 'empty' ? undefined : found
}

/** A full disk, or a machine that crashes, leaves files that are empty, or full of zeros. */
const EMPTY = /^[\s\0]*$/

/**
 * The same, with an empty file told apart.
 *
 * @throws as {@link readPidFile}.
 */
export function lookAtPidFile(path: string): PidRecord | 'empty' | undefined {
  const found = openToRead(path)
  if (found === undefined) return undefined
  try {
    const status = fs.fstatSync(found)
    const kind = describeFileKind(status)
    if (kind !== undefined) throw pidFileError(path, explainKind(kind))
    const problem = findPlaceProblem(path)
    if (problem) throw pidFileError(path, problem)
    if (!isTrusted(status.uid)) throw pidFileError(path, `it belongs to user id ${status.uid}`)
    if (status.mode & OTHERS_MAY_WRITE) throw pidFileError(path, 'others can write to it')
    if (status.size > LONGEST) throw pidFileError(path, 'it is no pid file: too long')
    const text = fs.readFileSync(found, 'utf8')
    if (EMPTY.test(text)) return 'empty'
    const record = parsePidFile(text)
    if (!record)
      throw pidFileError(path, 'it was not written by sd-cli: it names no process and its start time')
    return record
  } finally {
    fs.closeSync(found)
  }
}

/** NONBLOCK: opening a named pipe must not wait for its writer. */
function openToRead(path: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  try {
    return fs.openSync(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    const kind = readFileKind(path)
    throw pidFileError(path, kind === undefined ? message : explainKind(kind), error)
  }
}

function explainKind(kind: string): string {
  return `it is ${kind}: remove it, or choose another file`
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.()
}

/** Whether both name the same process. */
export function isSamePid(a: PidRecord, b: PidRecord): boolean {
  const isSameNumber = a.pid === b.pid && a.startTime === b.startTime && a.boot === b.boot
  return isSameNumber && (a.namespace ?? b.namespace) === (b.namespace ?? a.namespace)
}

/** `SD_CLI_PID_FILE`. */
export function pidFileError(path: string, why: string, cause?: unknown): SdError {
  return new SdError('SD_CLI_PID_FILE', `The pid file ${path} is not used: ${why}.`, { path, cause })
}
