import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, requireCommand, type Sandbox, waitUntil } from '@sd/testing'
import { HOSTILE_ARGUMENTS, type HostileProject, makeProject } from './hostile-project.ts'
import { callCli } from './call-cli.ts'
import { mayRunSystemd, startSystemd } from './systemd-manager.ts'

let sandbox: Sandbox

beforeAll(() => {
  requireCommand({ command: 'supervisord', debian: 'supervisor', elsewhere: 'pip install supervisor' })
}, 600_000)

beforeEach(() => {
  sandbox = createSandbox()
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
