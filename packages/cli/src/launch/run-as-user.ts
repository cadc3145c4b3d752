import { spawn } from 'node:child_process'
import { inheritableExecArgv } from '@sd/process'
import { ownProgram } from '../own-program.ts'
import { findHome } from '../templates/find-account.ts'

/** What a command has printed. */
interface Printed {
  /** Whether it has ended with exit code 0. */
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Milliseconds that it may take. */
const LIMIT = 60_000

/** Characters of what it prints that are kept. */
const MOST = 1024 * 1024

/**
 * The first words of the process: all that root runs in it. The groups are set while that is still allowed; `execve` then
 * replaces everything that root has had in memory.
 */
const BECOME = `
const [uid, gid, user, ...command] = process.argv.slice(1)
if (user) process.initgroups(user, Number(gid))
else process.setgroups([])
process.setgid(Number(gid))
process.setuid(Number(uid))
process.execve(command[0], command, process.env)`

/**
 * Runs an `sd-cli` command as another user: in a session of its own, so without root's terminal, and with nothing of
 * root's environment.
 *
 * @param words - what follows `sd-cli`.
 */
export async function runAsUser(uid: number, words: readonly string[]): Promise<Printed> {
  const { user, gid, home } = findHome(uid)
  const command = [process.execPath, ...inheritableExecArgv(process.execArgv), ownProgram(), ...words]
  const become = [
    '--disable-warning=ExperimentalWarning',
    '-e',
    BECOME,
    '--',
    String(uid),
    String(gid),
    user ?? '',
  ]
  const child = spawn(process.execPath, [...become, ...command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: home ?? '/',
      ...(user !== undefined && { USER: user, LOGNAME: user }),
    },
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (texts[name].length < MOST) texts[name] += text
    })
  }
  return await new Promise((resolve, reject) => {
    // What it has started may hold its pipes.
    const endGroup = (): void => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // All of it has ended.
      }
    }
    const timer = setTimeout(endGroup, LIMIT)
    child.once('exit', endGroup)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ ok: code === 0, ...texts })
    })
  })
}
