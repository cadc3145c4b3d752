import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, requireCommand, type Sandbox, waitUntil } from '@sd/testing'
import { callCli } from './call-cli.ts'
import { HOSTILE_ARGUMENTS, type HostileProject, makeProject } from './hostile-project.ts'
import { fixture } from './run-cli.ts'
import { mayRunSystemd, startSystemd } from './systemd-manager.ts'

/** Real service managers take their time: they are the soak's. */
const SOAK = process.env.SD_SOAK === '1'

let sandbox: Sandbox

beforeAll(() => {
  if (!SOAK) return
  requireCommand({ command: 'supervisord', debian: 'supervisor', elsewhere: 'pip install supervisor' })
}, 600_000)

beforeEach(() => {
  sandbox = createSandbox()
  // The file of a service must be readable to its user, who is asked to run it.
  chmodSync(sandbox.dir, 0o755)
})

afterEach(() => sandbox.assertNothingLeft())

/** Nothing in the way of a path is more unpleasant. */
const NASTY = `it's 100% "new" $HOME <co>`

async function install(template: string, file: string, ...more: string[]): Promise<void> {
  const words = ['init', template, file, '--install', ...more, '--', ...HOSTILE_ARGUMENTS]
  const { code, stderr } = await callCli(words, { env: sandbox.env })
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

/** The daemon has started so often, and each time as it should. */
async function untilStarts(
  project: HostileProject,
  count: number,
  cwd: string = project.directory,
): Promise<number[]> {
  await waitUntil(() => project.starts().length >= count, `start ${count}`, 30_000)
  for (const start of project.starts()) expect(start).toMatchObject({ args: HOSTILE_ARGUMENTS, cwd })
  return project.starts().map(({ pid }) => pid)
}

if (SOAK) {
  ;(mayRunSystemd ? describe : describe.skip)('under a real systemd', () => {
    test('a user unit starts, is watched, restarts in place, is started anew when killed, and stops', async () => {
      const project = makeProject(sandbox, NASTY)
      const systemd = await startSystemd(sandbox)
      const { systemctl, show, units } = systemd
      const unit = 'served.service'
      const state = (): string => `${show(unit, 'ActiveState')} ${show(unit, 'SubState')}`
      try {
        const { stdout } = await callCli(['init', 'systemd-user', project.file, '--', ...HOSTILE_ARGUMENTS], {
          env: sandbox.env,
        })
        // A shorter time, to see the dog bark; and the marker of the test.
        const marks = Object.entries(sandbox.env).map(([name, value]) => `Environment=${name}=${value}`)
        const changed = stdout
          .replace('WatchdogSec=60', 'WatchdogSec=3')
          .replace('RestartSec=5', `RestartSec=0\n${marks.join('\n')}`)
        writeFileSync(join(units, unit), changed)
        expect(systemctl('daemon-reload')).toEqual({ status: 0, said: '' })

        // It returns when the daemon has said that it is ready.
        expect(systemctl('start', unit)).toEqual({ status: 0, said: '' })
        expect(state()).toBe('active running')
        expect(show(unit, 'StatusText')).toBe('Running')
        const [first] = await untilStarts(project, 1)
        expect(show(unit, 'WatchdogUSec')).toBe('3s')
        expect(existsSync(join(sandbox.dir, 'runtime/sd/served.sock'))).toBe(true)

        // In place: the same process, as systemd sees it and as the daemon does (in its namespace).
        const main = show(unit, 'MainPID')
        expect(systemctl('reload', unit).status).toBe(0)
        expect((await untilStarts(project, 2))[1]).toBe(first)
        await waitUntil(() => state() === 'active running', 'ready again')
        expect(show(unit, 'MainPID')).toBe(main)
        expect(show(unit, 'NRestarts')).toBe('0')

        // Longer than it may be silent: its event loop turns.
        await new Promise((resolve) => setTimeout(resolve, 5000))
        expect(show(unit, 'NRestarts')).toBe('0')

        // Stopped, it cannot say anything, and is started anew.
        systemctl('kill', '--kill-whom=main', '--signal=STOP', unit)
        const [, , third] = await untilStarts(project, 3)
        expect(third).not.toBe(first)
        await waitUntil(() => state() === 'active running', 'ready after the watchdog')
        expect(show(unit, 'NRestarts')).toBe('1')

        systemctl('kill', '--signal=KILL', unit)
        await untilStarts(project, 4)
        await waitUntil(() => state() === 'active running', 'ready after the kill')

        expect(systemctl('stop', unit)).toEqual({ status: 0, said: '' })
        expect(state()).toBe('inactive dead')
        expect(show(unit, 'Result')).toBe('success')
        expect(project.starts()).toHaveLength(4)
      } finally {
        await systemd.stop()
      }
    }, 120_000)
  })

  ;(mayRunSystemd ? describe : describe.skip)('in the sandbox of the system unit', () => {
    test('a daemon with workers, a lock and shared memory lives, and restarts in place', async () => {
      const directory = join(sandbox.dir, 'project')
      const { directory: from } = makeProject(sandbox, 'other')
      renameSync(from, directory)
      cpSync(fixture('sandboxed.ts'), join(directory, 'sandboxed.ts'))
      const systemd = await startSystemd(sandbox)
      const { systemctl, show, units } = systemd
      const unit = 'sandboxed.service'
      const seen = (): Record<string, unknown>[] =>
        existsSync(join(directory, 'seen.jsonl'))
          ? readFileSync(join(directory, 'seen.jsonl'), 'utf8')
              .split('\n')
              .slice(0, -1)
              .map((line) => JSON.parse(line))
          : []
      try {
        const { stdout } = await callCli(
          ['init', 'systemd', join(directory, 'sandboxed.ts'), '--user', 'daemon'],
          {
            env: sandbox.env,
          },
        )
        const marks = Object.entries(sandbox.env).map(([name, value]) => `Environment=${name}=${value}`)
        // A manager of a user cannot change to another one, and within these namespaces there can be none for mounts.
        const changed = stdout
          .replace(/^(User|Group|Private\w+|Protect\w+)=.*\n/gm, '')
          .replace('RestartSec=5', `RestartSec=0\n${marks.join('\n')}`)
        expect(changed).toMatch(
          /RestrictNamespaces=yes[\s\S]*SystemCallFilter=@system-service @pkey[\s\S]*CapabilityBoundingSet=\n/,
        )
        writeFileSync(join(units, unit), changed)
        expect(systemctl('daemon-reload').status).toBe(0)
        const started = systemctl('start', unit)
        expect({ ...started, log: started.status === 0 ? '' : systemd.log() }).toEqual({
          status: 0,
          said: '',
          log: '',
        })
        const good = { sum: 3, spun: expect.any(Number), answer: 42, interfaces: true }
        expect(seen()).toMatchObject([good])
        expect(systemctl('reload', unit).status).toBe(0)
        await waitUntil(() => seen().length === 2, 'a restart in place', 30_000)
        expect(seen()[1]).toMatchObject({ ...good, pid: seen()[0]!.pid })
        await waitUntil(() => show(unit, 'SubState') === 'running', 'ready again')
        expect(systemctl('stop', unit).status).toBe(0)
        expect(show(unit, 'Result')).toBe('success')
        expect(show(unit, 'NRestarts')).toBe('0')
      } finally {
        await systemd.stop()
      }
    }, 120_000)
  })

  describe('under a real supervisord', () => {
    test('the program starts, restarts in place, is started anew when killed, and stops', async () => {
      const project = makeProject(sandbox, NASTY)
      const root = join(sandbox.dir, 'root')
      const log = join(sandbox.dir, 'served.log')
      const runs = join(sandbox.dir, 'run')
      await install('supervisord', project.file, '--root', root, '--log', log)
      const program = readFileSync(join(root, 'etc/supervisor/conf.d/served.conf'), 'utf8')
      // The tests must not use the machine's own run directory.
      writeFileSync(
        join(sandbox.dir, 'served.conf'),
        program.replace(/SD_RUN_DIR="[^"]*"/, `SD_RUN_DIR="${runs}"`),
      )
      const configuration = join(sandbox.dir, 'supervisord.conf')
      writeFileSync(
        configuration,
        `[supervisord]
  nodaemon=true
  user=root
  logfile=${sandbox.dir}/supervisord.log
  pidfile=${sandbox.dir}/supervisord.pid
  [unix_http_server]
  file=${sandbox.dir}/s.sock
  [rpcinterface:supervisor]
  supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
  [supervisorctl]
  serverurl=unix://${sandbox.dir}/s.sock
  [include]
  files=${sandbox.dir}/served.conf
  `,
      )
      const env = { ...process.env, ...sandbox.env }
      const supervisord = spawn('supervisord', ['-c', configuration], { env, stdio: 'ignore' })
      const ended = once(supervisord, 'exit')
      const control = (...words: string[]): string =>
        spawnSync('supervisorctl', ['-c', configuration, ...words], { encoding: 'utf8' }).stdout.trim()
      const status = (): string => control('status', 'served')
      try {
        const [first] = await untilStarts(project, 1)
        await waitUntil(() => status().includes('RUNNING'), `it runs: ${status()}`, 30_000)
        expect(project.starts()[0]!.supervised).toBe('1')
        expect(status()).toContain(`pid ${first}`)

        control('signal', 'HUP', 'served')
        expect((await untilStarts(project, 2))[1]).toBe(first)
        expect(status()).toContain(`RUNNING   pid ${first}`)

        process.kill(first!, 'SIGKILL')
        const [, , third] = await untilStarts(project, 3)
        await waitUntil(() => status().includes(`RUNNING   pid ${third}`), 'it runs again', 30_000)

        expect(control('stop', 'served')).toBe('served: stopped')
        expect(status()).toContain('STOPPED')
        expect(readFileSync(log, 'utf8')).toMatch(
          /restart 1 because of SIGHUP[\s\S]*SIGTERM: stopping[\s\S]*Stopped after/,
        )
        expect(project.starts()).toHaveLength(3)
      } finally {
        supervisord.kill('SIGTERM')
        await ended
      }
    }, 120_000)
  })
}

const onlyRoot = process.getuid?.() === 0 ? test : test.skip

describe('by System V init', () => {
  test.each(SOAK ? ['dash', 'bash'] : ['dash'])(
    'the script does what LSB wants of it (%s)',
    async (shell) => {
      const project = makeProject(sandbox, NASTY)
      const { script, env } = await makeScript(project, userInfo().username)
      const call = (verb: string): number | null => callScript(shell, script, verb, env)
      expect(call('status')).toBe(3)
      expect(call('try-restart')).toBe(0)
      expect(call('reload')).toBe(7)
      expect(project.starts()).toEqual([])

      expect(call('start')).toBe(0)
      const [first] = await untilStarts(project, 1)
      expect(call('status')).toBe(0)
      expect(call('start')).toBe(0)
      expect(project.starts()).toHaveLength(1)

      // In place: the same process.
      expect(call('reload')).toBe(0)
      expect((await untilStarts(project, 2))[1]).toBe(first)
      expect(call('force-reload')).toBe(0)
      expect((await untilStarts(project, 3))[2]).toBe(first)

      expect(call('restart')).toBe(0)
      const fourth = (await untilStarts(project, 4))[3]!
      expect(fourth).not.toBe(first)
      expect(call('try-restart')).toBe(0)
      const fifth = (await untilStarts(project, 5))[4]!
      expect(fifth).not.toBe(fourth)

      process.kill(fifth, 'SIGKILL')
      await waitUntil(() => call('status') === 1, 'it is dead')
      expect(call('start')).toBe(0)
      await untilStarts(project, 6)

      expect(call('stop')).toBe(0)
      expect(call('status')).toBe(3)
      expect(call('stop')).toBe(0)
      expect(call('frobnicate')).toBe(2)
      expect(call('')).toBe(2)
      expect(project.starts()).toHaveLength(6)
    },
    120_000,
  )

  onlyRoot(
    'the script gives the daemon to its user, and a stranger is refused',
    async () => {
      const project = makeProject(sandbox, NASTY)
      chmodSync(sandbox.dir, 0o755)
      chownSync(project.directory, 1, 1)
      const { script, env } = await makeScript(project, 'daemon')
      expect(callScript('dash', script, 'start', env)).toBe(0)
      const [pid] = await untilStarts(project, 1)
      expect(statSync(`/proc/${pid}`).uid).toBe(1)
      expect(statSync(env.runs).uid).toBe(1)
      expect(statSync(env.runs).mode & 0o777).toBe(0o700)
      expect(callScript('dash', script, 'status', env)).toBe(0)
      const stranger = spawnSync(
        'setpriv',
        ['--reuid=2', '--regid=2', '--clear-groups', 'dash', script, 'stop'],
        {
          encoding: 'utf8',
          env,
        },
      )
      expect(stranger.status).toBe(4)
      expect(stranger.stderr).toContain('must be run as root, or as daemon')
      expect(callScript('dash', script, 'stop', env)).toBe(0)
      expect(callScript('dash', script, 'status', env)).toBe(3)
    },
    60_000,
  )

  test('without node or the daemon it ends with 5', async () => {
    const project = makeProject(sandbox, 'p')
    const { script, env } = await makeScript(project, userInfo().username)
    rmSync(project.file)
    expect(callScript('sh', script, 'start', env)).toBe(5)
  })
})

describe('by cron', () => {
  test('the lines start the daemon, and look after it', async () => {
    const project = makeProject(sandbox, NASTY)
    const runs = join(sandbox.dir, 'r')
    const { stdout, code } = await callCli(
      ['init', 'crontab', project.file, '--', ...HOSTILE_ARGUMENTS.filter((word) => !word.includes('\\'))],
      { env: sandbox.env },
    )
    expect(code).toBe(0)
    const lines = stdout.replaceAll(/export SD_RUN_DIR=\S+/g, `export SD_RUN_DIR=${runs}`).split('\n')
    const env = {
      ...sandbox.env,
      HOME: sandbox.dir,
      LOGNAME: 'root',
      PATH: '/usr/bin:/bin',
      SHELL: '/bin/sh',
      SD_LOG_DIR: join(sandbox.dir, 'l'),
    }
    const call = (schedule: string): { status: number | null; said: string } => {
      const line = lines.find((candidate) => candidate.startsWith(schedule))!
      const { status, stdout, stderr } = spawnSync(
        '/bin/sh',
        ['-c', asCronReads(line.slice(schedule.length).trim())],
        { encoding: 'utf8', env, cwd: sandbox.dir },
      )
      return { status, said: stdout + stderr }
    }
    const log = (): string => readFileSync(join(project.directory, 'served.cron.log'), 'utf8')
    // What it says would be mailed.
    expect(call('@reboot')).toEqual({ status: 0, said: '' })
    const [first] = await untilStarts(project, 1)
    expect(log()).toContain(`served runs, pid ${first}`)
    const before = log()
    expect(call('*/5 * * * *')).toEqual({ status: 0, said: '' })
    expect(log()).toBe(before)
    process.kill(first!, 'SIGKILL')
    expect(call('*/5 * * * *')).toEqual({ status: 0, said: '' })
    const [, second] = await untilStarts(project, 2)
    expect(second).not.toBe(first)
    const { code: stopped } = await callCli(['stop', 'served'], { env: { ...env, SD_RUN_DIR: runs } })
    expect(stopped).toBe(0)
  }, 60_000)
})

/** crontab(5): the first `%` that has no backslash ends the command; the backslash of one that has is taken away. */
function asCronReads(command: string): string {
  const [line] = command.split(/(?<!\\)%/)
  return line!.replaceAll('\\%', '%')
}

interface ScriptEnvironment {
  /** The daemon's run directory. */
  readonly runs: string
  readonly [name: string]: string | undefined
}

/** An init script that keeps the daemon's things in the sandbox. */
async function makeScript(
  project: HostileProject,
  user: string,
): Promise<{ script: string; env: ScriptEnvironment }> {
  const root = join(sandbox.dir, 'root')
  const runs = join(sandbox.dir, 'runs')
  await install('initd', project.file, '--root', root, '--user', user)
  const script = join(root, 'etc/init.d/served')
  const text = readFileSync(script, 'utf8')
  writeFileSync(script, text.replace(/^SD_RUN_DIR=.*$/m, `SD_RUN_DIR=${runs}`))
  const logs = join(sandbox.dir, 'l')
  mkdirSync(logs)
  if (user === 'daemon') chownSync(logs, 1, 1)
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  return { script, env: { ...env, ...sandbox.env, SD_LOG_DIR: logs, runs } }
}

function callScript(shell: string, script: string, verb: string, env: ScriptEnvironment): number | null {
  const { status } = spawnSync(shell, [script, verb], { env, stdio: 'ignore' })
  return status
}
