import { noInspectorFlags } from '../inspector-flags.ts'
import { identify } from '../process-identity.ts'
import { SdError } from '../sd-error.ts'
import { PREFLIGHT_PIPE, PREFLIGHT_VARIABLE, type PreflightVerdict } from './preflight-process.ts'
import type { Successor } from './successor.ts'

/** How a preflight check is made. */
export interface PreflightOptions {
  /** Milliseconds until it counts as failed. */
  readonly limit: number
  /** Ends it early. */
  readonly signal: AbortSignal
  /** Told when it could not be made. */
  readonly log: (message: string) => void
}

/** What the system answers when it is out of something: that says nothing about the new code. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'])

/** Characters of what was printed that are shown. */
const SHOWN = 4000

/**
 * Runs the next life of this process up to its call of `run()`, in a process of its own: it imports the file, resolves the
 * options, and asks what is missing. Nothing is set up. Returns when all is well; the process is gone then.
 *
 * @throws SdError `SD_CORE_PREFLIGHT` with what is wrong.
 */
export async function checkSuccessor(
  { file, flags, command, environment, directory }: Successor,
  { limit, signal, log }: PreflightOptions,
): Promise<void> {
  // Asked for here and not imported: worker processes load this file too, and never come here.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const child = spawn(file, [...flags, ...noInspectorFlags, ...guardFlags(), ...command], {
    cwd: directory,
    env: { ...environment, [PREFLIGHT_VARIABLE]: String(process.pid) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // The first of a group, which is killed as a whole.
    detached: true,
    windowsHide: true,
  })
  let verdict = ''
  let printed = ''
  let isLate = false
  const end = (): void => killGroup(child.pid, child.exitCode ?? child.signalCode)
  const timer = setTimeout(() => {
    isLate = true
    end()
  }, limit)
  signal.addEventListener('abort', end, { once: true })
  child.stdio[PREFLIGHT_PIPE]?.on('data', (chunk) => {
    verdict += chunk
    if (verdict.includes('\n')) end()
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      printed = (printed + chunk).slice(-SHOWN)
    })
  }
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      // What it has left would hold its pipes open.
      child.once('exit', end)
      child.once('close', (code, killer) => resolve(killer ?? `exit code ${code}`))
    })
    const told = verdict.includes('\n')
      ? (JSON.parse(verdict.split('\n')[0]!) as PreflightVerdict)
      : undefined
    if (signal.aborted || told?.sound) return
    if (told) throw refusal(told.message, { reason: told.code })
    const problem = isLate
      ? `the new code has not come to run() within ${limit / 1000} s`
      : `the new code ended before it came to run() (${how})`
    throw refusal(withPrinted(problem, printed))
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'SD_CORE_PREFLIGHT') throw thrown
    if (!EXHAUSTED.has(String(code))) throw refusal(message, { cause: thrown })
    log(`Restarts without knowing whether the new code starts: no process can be made to check it (${code}).`)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

/** @param printed - by Node, mostly: frames of its own code do not help. */
function withPrinted(problem: string, printed: string): string {
  const lines = printed.split('\n').filter((line) => !/^\s*$|^\s+at .*node:|^Node\.js v/.test(line))
  return lines.length === 0 ? `${problem}.` : `${problem}:\n${lines.join('\n').replace(/^Error: /, '')}`
}

function refusal(problem: string, facts: Readonly<Record<string, unknown>> = {}): SdError {
  const message = `Not restarted, because the next start would fail: ${problem}`
  const error = new SdError('SD_CORE_PREFLIGHT', message, facts)
  // It is for the person who restarts the daemon: where in our code it was made tells them nothing.
  error.stack = `${error.name}: ${error.message}`
  return error
}

/** Kills a process with all that it has started. @param ended - how its first one has ended, if it has. */
function killGroup(pid: number | undefined, ended: number | string | null): void {
  // While a member lives, the system gives nobody else the group's number; later it may be a stranger's.
  if (pid === undefined || (ended !== null && identify(pid) !== undefined)) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}

/** Has the process end with this one, also while it is in an endless loop. */
function guardFlags(): string[] {
  const program = `(${startGuard})(${PREFLIGHT_PIPE}, ${JSON.stringify(`(${watchPipe})`)})`
  return ['--import', `data:text/javascript,${encodeURIComponent(program)}`]
}

/** Runs in the process before its program, with nothing from around it: the program's code may never give a turn. */
function startGuard(fd: number, watch: string): void {
  const fs = process.getBuiltinModule('node:fs')
  // What the daemon has been given by the program that started it, and Node cannot keep from its children.
  for (const name of fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd') : []) {
    const info = `/proc/self/fdinfo/${name}`
    if (Number(name) <= fd || !fs.existsSync(info)) continue
    const flags = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(info, 'latin1'))?.[1]
    // O_CLOEXEC: all that Node opens by itself.
    if (flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0) fs.closeSync(Number(name))
  }
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  new Worker(`${watch}(${fd})`, { eval: true, execArgv: [], env: {}, name: 'sd preflight guard' }).unref()
}

/** Runs in a thread of the process, with nothing from around it. */
function watchPipe(fd: number): void {
  const { Socket } = process.getBuiltinModule('node:net')
  const pipe = new Socket({ fd, readable: true, writable: false })
  pipe.on('error', () => {})
  pipe.on('close', () => process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL'))
  pipe.resume()
}
