import { statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { holdSocket, type ListedDaemon, listDaemons } from '@sd/control/client'
import { type Life, listLives, readLife } from '@sd/control/life'
import { logicalPath, SdError } from '@sd/core'
import type { ProcessIdentity } from '@sd/core/process-identity'
import { describeRetry } from '../life/describe-life.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { readPidFile } from '../pid-file/pid-file.ts'
import { isSameFile } from './is-same-file.ts'
import { processOfDaemon } from './process-of-daemon.ts'
import { type BelievedPidFile, believePidFile, listPidFiles, programOf } from './run-pid-files.ts'

/** What is to be seen of a daemon from outside. The process of one that answers not always is: see {@link isSeen}. */
export type Sighting = {
  readonly name: string
  /** What its record says of its life; undefined where there is none. */
  readonly life?: Life | undefined
  /** Whether it is another user's: its name says nothing of our own directories, where one of ours may be called so. */
  readonly isForeign?: boolean
} & (
  | {
      readonly state: 'answers'
      readonly socket: string
      /** Whose daemon it is. */
      readonly uid: number
      readonly process: ProcessIdentity
    }
  /** It lives, without a control socket that answers: only signals reach it. */
  | {
      readonly state: 'mute'
      readonly process: ProcessIdentity | undefined
      readonly why: string
      /** Whether it should answer, because it has a socket. */
      readonly hasSocket: boolean
    }
  /** It has died and left these files behind. */
  | { readonly state: 'dead'; readonly left: readonly string[] }
  | { readonly state: 'stopped' }
)

/** Whether the process of a daemon is one of this machine, as far as it is seen from here, and may be signalled. */
export function isSeen({ startTime }: ProcessIdentity): boolean {
  return startTime !== ''
}

/** What a program's file is called; a daemon may be called so, too. */
const PROGRAM = /^\.[cm]?[jt]s$/

/**
 * The same as {@link lookFor}, for a command: a daemon that does not answer takes its time.
 *
 * @throws as {@link lookFor}.
 */
export function lookForShown(target: string, out: Output, pidFile?: string): Promise<Sighting> {
  if (pidFile !== undefined) explainDisbelief(pidFile, out)
  return withProgress(out, `Looking for ${target}`, () => lookFor(target, pidFile))
}

/**
 * Looks for a daemon of this user: its socket, its pid file, and the record of its life tell.
 *
 * @param target - its name, its file, its socket (with a `/`).
 * @param pidFile - where else its pid may be.
 * @throws SdError `SD_CONTROL_AMBIGUOUS` when there are several.
 */
export async function lookFor(target: string, pidFile?: string): Promise<Sighting> {
  if (isSocket(target)) return lookAtSocket(resolve(target))
  const name = isProgram(target) ? await nameOfProgram(logicalPath(target)) : target
  // Nobody has ever run that file, as far as anybody can tell.
  if (name === undefined) return { name: basename(target, extname(target)), state: 'stopped' }
  return lookForName(name, pidFile)
}

async function lookForName(name: string, pidFile?: string): Promise<Sighting> {
  const listed = await listDaemons({ name })
  const answering = listed.filter(({ state }) => state === 'alive')
  if (answering.length > 1) throw ambiguous(name, answering)
  const life = readLife(name)
  const known = { name, life }
  if (answering[0]) return { ...known, ...seenAnswering(answering[0]) }
  const files = pidFile === undefined ? [defaultPidFile(name)] : [resolve(pidFile), defaultPidFile(name)]
  const found = files.map(believePidFile).find((file) => file !== undefined)
  const process = identityOf(found) ?? processOfLife(life)
  const silent = listed.find(({ state }) => state === 'silent')
  if (silent) {
    const why = `its control socket does not answer: ${problemOf(silent)}`
    return { ...known, state: 'mute', process, why, hasSocket: true }
  }
  if (process) return { ...known, state: 'mute', process, why: explainSilence(life), hasSocket: false }
  const left = [...listed.map(({ path }) => path), ...(found ? [found.path] : [])]
  return left.length > 0 ? { ...known, state: 'dead', left } : { ...known, state: 'stopped' }
}

/** Why a daemon has no control socket. */
function explainSilence(life: Life | undefined): string {
  if (!life?.isAlive || life.state === 'running') return 'it has no control socket'
  if (life.state === 'retrying' && life.retry) return `it is retrying: it ${describeRetry(life.retry)}`
  const reason = life.reason === null ? '' : ` (${life.reason})`
  return `it is ${life.state}${reason}, since ${life.since}`
}

/** Who may write the record may signal that process, too. */
function processOfLife(life: Life | undefined): ProcessIdentity | undefined {
  if (!life?.isAlive || life.state === 'ended' || life.owner !== process.getuid?.()) return undefined
  const { pid, startTime } = life.process
  return { pid, startTime }
}

async function lookAtSocket(path: string): Promise<Sighting> {
  const directory = dirname(path)
  const all = await listDaemons({ directory })
  const listed = all.find((each) => each.path === path)
  // Says why it was left out.
  if (!listed) holdSocket(path).close()
  const name = listed?.daemon?.name ?? basename(path, '.sock')
  const uid = listed?.uid ?? statSync(path).uid
  const known = { name, life: readLife(name, directory), isForeign: uid !== process.getuid?.() }
  if (listed?.state === 'alive') return { ...known, ...seenAnswering(listed) }
  if (listed?.state !== 'silent') return { ...known, state: 'dead', left: [path] }
  const identity = identityOf(believePidFile(defaultPidFile(name, directory)))
  return {
    ...known,
    state: 'mute',
    process: identity,
    why: `it does not answer: ${problemOf(listed)}`,
    hasSocket: true,
  }
}

function seenAnswering(listed: ListedDaemon): {
  state: 'answers'
  socket: string
  uid: number
  process: ProcessIdentity
} {
  // Nobody has that identity, and so nobody is signalled.
  const nobody = { pid: listed.daemon!.pid, startTime: '' }
  const { path: socket, uid } = listed
  return { state: 'answers', socket, uid, process: processOfDaemon(listed) ?? nobody }
}

/** Who names a pid file wants to know why it says nothing. */
function explainDisbelief(pidFile: string, out: Output): void {
  try {
    readPidFile(resolve(pidFile))
  } catch (error) {
    out.say((error as Error).message)
  }
}

/** As a part of a sentence. */
function problemOf({ problem }: ListedDaemon): string {
  return String(problem).replace(/\.$/, '')
}

/** @returns undefined where the process has ended. */
function identityOf(found: BelievedPidFile | undefined): ProcessIdentity | undefined {
  return found?.isAlive ? { pid: found.record.pid, startTime: found.record.startTime } : undefined
}

/** Whether a daemon is named by its socket. */
export function isSocket(target: string): boolean {
  return target.includes('/') && Boolean(statSync(target, { throwIfNoEntry: false })?.isSocket())
}

function isProgram(target: string): boolean {
  return (
    target.includes('/') ||
    (PROGRAM.test(extname(target)) && Boolean(statSync(target, { throwIfNoEntry: false })))
  )
}

/** The daemon that runs a file, or that has died running it. The file itself is not asked: it would run. */
async function nameOfProgram(file: string): Promise<string | undefined> {
  const running = (await listDaemons()).filter(
    ({ daemon }) => daemon?.program && isSameFile(daemon.program, file),
  )
  if (running.length > 1) throw ambiguous(file, running)
  if (running[0]) return running[0].name
  const launched = (await listPidFiles()).find((found) => {
    const program = programOf(found)
    return program !== undefined && isSameFile(program, file)
  })
  return (
    launched?.name ?? listLives().find(({ program }) => program !== null && isSameFile(program, file))?.name
  )
}

function ambiguous(what: string, daemons: readonly ListedDaemon[]): SdError {
  const paths = daemons.map(({ path, daemon }) => `${path} (pid ${daemon?.pid})`).join(', ')
  const message = `There are ${daemons.length} daemons of ${what}. Name the socket of the one that you mean: ${paths}`
  return new SdError('SD_CONTROL_AMBIGUOUS', message)
}
