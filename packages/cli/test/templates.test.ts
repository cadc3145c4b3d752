import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, requireCommand, type Sandbox } from '@sd/testing'
import { mergeCrontab } from '../src/templates/install-crontab.ts'
import { type CliOptions, type CliResult, callCli } from './call-cli.ts'
import { HOSTILE_ARGUMENTS, makeProject } from './hostile-project.ts'
import { cliCommand } from './run-cli.ts'

let sandbox: Sandbox

beforeAll(() => {
  requireCommand({
    command: 'systemd-analyze',
    debian: 'systemd',
    elsewhere: 'run them on a Linux with systemd',
  })
  requireCommand({ command: 'supervisord', debian: 'supervisor', elsewhere: 'pip install supervisor' })
  requireCommand({ command: 'python3', debian: 'python3', elsewhere: 'install Python 3' })
}, 600_000)

beforeEach(() => {
  sandbox = createSandbox()
  // The file of a service must be readable to its user, who is asked to run it.
  chmodSync(sandbox.dir, 0o755)
})

afterEach(() => sandbox.assertNothingLeft())

const NAMES = [
  'systemd',
  'systemd-user',
  'initd',
  'supervisord',
  'launchd',
  'launchd-user',
  'dockerfile',
  'crontab',
]

/** A user that every system has. */
const USER = 'daemon'

const onlyRoot = process.getuid?.() === 0 ? test : test.skip

function sd(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return callCli(words, {
    ...options,
    env: { ...sandbox.env, SD_RUN_DIR: join(sandbox.dir, 'r'), ...options.env },
  })
}

async function print(template: string, file: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await sd(['init', template, file, '--user', USER, ...more])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

function run(command: string, args: readonly string[]): { status: number | null; said: string } {
  // A manager of a user wants to know where its sockets would be.
  const env = { ...process.env, XDG_RUNTIME_DIR: sandbox.dir }
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env })
  return { status, said: `${stdout}${stderr}` }
}

describe('init', () => {
  test('lists the templates', async () => {
    const { code, stdout } = await sd(['init'])
    expect(code).toBe(0)
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
    const { stdout: json } = await sd(['init', '--json'])
    expect(JSON.parse(json).map(({ name }: { name: string }) => name)).toEqual(NAMES)
  })

  test('knows what people call them, and what they mean', async () => {
    const { file } = makeProject(sandbox, 'p')
    expect(await print('docker', file)).toContain('FROM node:')
    expect(await print('supervisor', file)).toContain('[program:served]')
    const wrong = await sd(['init', 'systmd', file])
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
    expect(wrong.stderr).toContain('There is no template "systmd". Did you mean "systemd"?')
    const none = await sd(['init', 'systemd'])
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('sd-cli init systemd FILE')
  })

  test('prints the definition alone, whatever the program prints while it is loaded', async () => {
    const { file } = makeProject(sandbox, 'p')
    const { stdout, stderr } = await sd(['init', 'systemd', file, '--user', USER])
    expect(stdout).toMatch(/^# Made by: sd-cli init systemd \S+\n\[Unit\]\n/)
    expect(stdout).not.toContain('must not')
    expect(stderr).toContain('this must not get into a service definition')
    expect(stderr).toContain('Its place: /etc/systemd/system/served.service')
    expect(makeProject(sandbox, 'q').starts()).toEqual([])
  })

  test.each(NAMES)('%s: has the daemon, its user, its place and its time in it', async (name) => {
    const { file, directory } = makeProject(sandbox, 'p')
    const { code, stdout } = await sd(['init', name, file, '--user', USER, '--json', '--', 'x'])
    expect(code).toBe(0)
    const { files, next } = JSON.parse(stdout)
    const [{ content, path }] = files
    if (name !== 'dockerfile') {
      expect(content).toContain(process.execPath)
      expect(content).toContain(cliCommand.at(-1))
      expect(content).toContain(directory)
      if (!name.endsWith('-user')) expect(path + content).toContain(USER)
    }
    // shutdownTimeout is 7 s, and each of them allows 10 s more.
    if (name !== 'crontab') expect(content).toMatch(/\b17\b/)
    expect(next.length).toBeGreaterThan(2)
  })

  test.each(NAMES)('%s: refuses a line break', async (name) => {
    const { file } = makeProject(sandbox, 'line\nbreak')
    const { code, stdout, stderr } = await sd(['init', name, file, '--user', USER])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/cannot be written to .*control character, such as a line break/)
  })

  test('refuses a user that is none', async () => {
    const { file } = makeProject(sandbox, 'p')
    const { code, stderr } = await sd(['init', 'systemd', file, '--user', 'no body'])
    expect(code).toBe(2)
    expect(stderr).toContain('"no body" is no name of a user')
  })
})

describe('init --install', () => {
  test('writes what --dry-run has shown, once, and says what to do next', async () => {
    const { file } = makeProject(sandbox, 'p')
    const root = join(sandbox.dir, 'root')
    const words = ['init', 'initd', file, '--user', USER, '--root', root]
    const path = join(root, 'etc/init.d/served')
    const dry = await sd([...words, '--dry-run'])
    expect(dry.code).toBe(0)
    expect(dry.stderr).toContain(`Would write ${path} (0755)`)
    expect(existsSync(root)).toBe(false)
    const done = await sd([...words, '--install'])
    expect(done.code).toBe(0)
    expect(done.stderr).toMatch(/Wrote .*Next:.*update-rc\.d served defaults.*service served start/s)
    expect(readFileSync(path, 'utf8')).toBe(dry.stdout)
    expect(statSync(path).mode & 0o7777).toBe(0o755)
    expect((await sd([...words, '--install'])).stderr).toContain('Is there already')
  })

  test('replaces another one only by force', async () => {
    const { file } = makeProject(sandbox, 'p')
    const root = join(sandbox.dir, 'root')
    const path = join(root, 'etc/systemd/system/served.service')
    const words = ['init', 'systemd', file, '--user', USER, '--root', root, '--install']
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true })
    writeFileSync(path, 'mine')
    const refused = await sd(words)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('exists and is different')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    const forced = await sd([...words, '--force', '--json'])
    expect(JSON.parse(forced.stdout)).toMatchObject({
      installed: true,
      files: [{ path, state: 'different' }],
    })
    expect(readFileSync(path, 'utf8')).toContain('[Service]')
  })

  test('replaces a link by force, and does not follow it', async () => {
    const { file } = makeProject(sandbox, 'p')
    const root = join(sandbox.dir, 'root')
    const target = join(sandbox.dir, 'target')
    writeFileSync(target, 'precious')
    mkdirSync(join(root, 'etc/init.d'), { recursive: true })
    symlinkSync(target, join(root, 'etc/init.d/served'))
    const words = ['init', 'initd', file, '--user', USER, '--root', root, '--install']
    expect((await sd(words)).code).toBe(1)
    expect((await sd([...words, '--force'])).code).toBe(0)
    expect(readFileSync(target, 'utf8')).toBe('precious')
  })

  onlyRoot('without the right to write it ends with 4, and says what to do', async () => {
    const { file } = makeProject(sandbox, 'p')
    chmodSync(sandbox.dir, 0o755)
    const root = join(sandbox.dir, 'root')
    mkdirSync(root)
    const { code, stderr } = await sd(['init', 'systemd', file, '--root', root, '--install'], {
      prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      env: { HOME: sandbox.dir, SD_RUN_DIR: undefined, NODE_COMPILE_CACHE: undefined },
    })
    expect({ code, stderr }).toMatchObject({ code: 4 })
    expect(stderr).toMatch(/may not write .*Install it as root: sudo .*init systemd .* --install/)
  })

  test('has a name for a user that does not exist, and does not install for it', async () => {
    const { file } = makeProject(sandbox, 'p')
    const { code, stderr } = await sd(['init', 'systemd', file, '--user', 'sd-nobody-at-all', '--install'])
    expect(code).toBe(1)
    expect(stderr).toContain('useradd --system sd-nobody-at-all')
  })

  test('is refused where it would mean nothing', async () => {
    const { file } = makeProject(sandbox, 'p')
    const other = process.platform === 'darwin' ? 'systemd' : 'launchd'
    const { code, stderr } = await sd(['init', other, file, '--install'])
    expect(code).toBe(1)
    expect(stderr).toContain(`and this is ${process.platform}`)
  })

  test('keeps a .dockerignore that is there', async () => {
    const { file, directory } = makeProject(sandbox, 'p')
    writeFileSync(join(directory, '.dockerignore'), 'mine\n')
    expect((await sd(['init', 'dockerfile', file, '--install'])).code).toBe(0)
    expect(readFileSync(join(directory, '.dockerignore'), 'utf8')).toBe('mine\n')
    expect(existsSync(join(directory, 'Dockerfile'))).toBe(true)
  })

  test('puts its lines into the crontab, beside those that are there', async () => {
    const { file } = makeProject(sandbox, 'p')
    // Stands for crontab(1), which would change the user's own one.
    const bin = join(sandbox.dir, 'bin')
    const spool = join(sandbox.dir, 'spool')
    mkdirSync(bin)
    const script = `#!/bin/sh
[ "$1" = -l ] && { [ -f '${spool}' ] && exec cat '${spool}'; echo "no crontab for you" >&2; exit 1; }
[ "$1" = - ] && exec cat >'${spool}'
exit 9
`
    writeFileSync(join(bin, 'crontab'), script, { mode: 0o755 })
    const env = { PATH: `${bin}:${process.env.PATH}` }
    const words = ['init', 'crontab', file, '--install']
    expect((await sd(words, { env })).code).toBe(0)
    const first = readFileSync(spool, 'utf8')
    expect(first).toMatch(
      /^# BEGIN simple-daemon served\n[\s\S]*\n@reboot .*\n\*\/5 .*\n# END simple-daemon served\n$/,
    )
    writeFileSync(spool, `MAILTO=me\n${first}1 2 * * * other\n`)
    expect((await sd(words, { env })).stderr).toContain('Is there already')
    const changed = await sd([...words, '--cwd', sandbox.dir], { env })
    expect(changed.code).toBe(1)
    expect((await sd([...words, '--cwd', sandbox.dir, '--force'], { env })).code).toBe(0)
    const last = readFileSync(spool, 'utf8')
    expect(last).toMatch(/^MAILTO=me\n# BEGIN[\s\S]*# END simple-daemon served\n1 2 \* \* \* other\n$/)
    expect(last.match(/@reboot/g)).toHaveLength(1)
  })

  test('says what to install where there is no cron', async () => {
    const { file } = makeProject(sandbox, 'p')
    const { code, stderr } = await sd(['init', 'crontab', file, '--install'], { env: { PATH: sandbox.dir } })
    expect(code).toBe(1)
    expect(stderr).toContain('apt-get install cron')
  })

  test('does not guess where a crontab is in disorder', () => {
    expect(() => mergeCrontab('x', '# BEGIN simple-daemon x\nfoo\n', 'new')).toThrow(
      /no "# END simple-daemon x"/,
    )
    expect(mergeCrontab('x', 'a', 'b\n').content).toBe('a\nb\n')
  })
})

describe('the formats, with names that they would like to misread', () => {
  const NASTY = `it's 100% "new" $HOME <co> & #1`

  test.each(['systemd', 'systemd-user'])('%s: systemd-analyze finds nothing', async (name) => {
    const { file } = makeProject(sandbox, NASTY)
    const unit = await print(name, file, '--', ...HOSTILE_ARGUMENTS)
    const path = join(sandbox.dir, 'served.service')
    writeFileSync(path, unit)
    const scope = name === 'systemd' ? [] : ['--user']
    const { status, said } = run('systemd-analyze', [...scope, 'verify', path])
    // It tells of the units of this machine, too.
    const own = said.split('\n').filter((line) => line.includes('served'))
    expect({ status, own, said: status === 0 ? '' : said }).toEqual({ status: 0, own: [], said: '' })
  })

  test('systemd-analyze would find what is wrong', async () => {
    const { file } = makeProject(sandbox, 'p')
    const path = join(sandbox.dir, 'served.service')
    const unit = await print('systemd', file)
    writeFileSync(
      path,
      unit.replace('KillMode=mixed', 'KillMode=mxed').replace('WatchdogSec', 'WatchDogSecs'),
    )
    const { said } = run('systemd-analyze', ['verify', path])
    expect(said).toMatch(/WatchDogSecs[\s\S]*kill mode/)
  })

  test('initd: every shell can read it', async () => {
    const { file } = makeProject(sandbox, NASTY)
    const path = join(sandbox.dir, 'script')
    writeFileSync(path, await print('initd', file, '--', ...HOSTILE_ARGUMENTS))
    for (const shell of ['sh', 'dash', 'bash'])
      expect(run(shell, ['-n', path])).toEqual({ status: 0, said: '' })
    expect(readFileSync(path, 'utf8')).toMatch(/^### BEGIN INIT INFO\n(# [\w-]+: +.+\n)+### END INIT INFO$/m)
  })

  test.each(['launchd', 'launchd-user'])(
    '%s: a parser of property lists gets what was meant',
    async (name) => {
      const { file, directory } = makeProject(sandbox, NASTY)
      const path = join(sandbox.dir, 'job.plist')
      writeFileSync(path, await print(name, file, '--', ...HOSTILE_ARGUMENTS))
      const script = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))'
      const { status, said } = run('python3', ['-c', script, path])
      expect({ status, said: status === 0 ? '' : said }).toEqual({ status: 0, said: '' })
      const job = JSON.parse(said)
      expect(job.ProgramArguments.slice(-HOSTILE_ARGUMENTS.length - 3)).toEqual([
        'run',
        file,
        '--',
        ...HOSTILE_ARGUMENTS,
      ])
      expect(job).toMatchObject({
        Label: 'simple-daemon.served',
        WorkingDirectory: directory,
        RunAtLoad: true,
        KeepAlive: { SuccessfulExit: false },
        ExitTimeOut: 17,
      })
    },
  )

  test('supervisord: takes the command apart into what was meant', async () => {
    const { file, directory } = makeProject(sandbox, NASTY.replace(' #', '#'))
    const path = join(sandbox.dir, 'program.conf')
    writeFileSync(path, await print('supervisord', file, '--', ...HOSTILE_ARGUMENTS))
    const { status, said } = run(supervisorPython(), [fixture('read-supervisord.py'), path])
    expect({ status, said: status === 0 ? '' : said }).toEqual({ status: 0, said: '' })
    const program = JSON.parse(said)
    expect(program.command.slice(-HOSTILE_ARGUMENTS.length - 3)).toEqual([
      'run',
      file,
      '--',
      ...HOSTILE_ARGUMENTS,
    ])
    expect(program).toMatchObject({
      directory,
      environment: { SD_SUPERVISED: '1', USER: USER },
      stopwaitsecs: 17,
    })
  })

  test('supervisord: refuses what it cannot say', async () => {
    const { file } = makeProject(sandbox, 'a ;b')
    const { code, stderr } = await sd(['init', 'supervisord', file, '--user', USER])
    expect(code).toBe(1)
    expect(stderr).toContain('a semicolon or hash after a space begins a comment there')
  })

  test('crontab: refuses backslashes and what is too long', async () => {
    const { file } = makeProject(sandbox, 'p')
    const backslash = await sd(['init', 'crontab', file, '--cwd', 'a\\b'])
    expect(backslash.code).toBe(1)
    expect(backslash.stderr).toContain('backslashes mean different things to different versions of cron')
    const long = await sd(['init', 'crontab', makeProject(sandbox, 'x'.repeat(250)).file])
    expect(long.code).toBe(1)
    expect(long.stderr).toContain('longer than the 998 characters that cron takes')
  })

  test('dockerfile: its commands are lists that node can run, from a project with each kind of lock file', async () => {
    const { file, directory } = makeProject(sandbox, 'p')
    const content = await print('dockerfile', file, '--', ...HOSTILE_ARGUMENTS)
    expect(list(content, /^CMD (.*)$/m)).toEqual([
      ...['node', 'node_modules/@sd/cli/dist/main.js', 'run', 'served.ts', '--'],
      ...HOSTILE_ARGUMENTS,
    ])
    expect(list(content, /HEALTHCHECK .* CMD (.*)$/m)).toEqual([
      ...['node', 'node_modules/@sd/cli/dist/main.js', 'status', 'served'],
    ])
    expect(content).toContain(`FROM node:${process.versions.node.split('.')[0]}-slim`)
    for (const [, command] of content.matchAll(/^RUN (.*)$/gm)) {
      expect(run('sh', ['-n', '-c', command!])).toEqual({ status: 0, said: '' })
    }
    for (const [lockFile, command] of [
      ['yarn.lock', 'yarn install --frozen-lockfile'],
      ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile'],
      ['package-lock.json', 'npm ci'],
    ] as const) {
      writeFileSync(join(directory, lockFile), '')
      expect(await print('dockerfile', file)).toContain(command)
    }
  })
})

test('install prints what the daemon asks for, and starts nothing', async () => {
  const { file, starts } = makeProject(sandbox, 'p')
  const { code, stdout } = await sd(['install', file])
  expect(code).toBe(0)
  expect(stdout).toBe(
    '1. Make the directory "spool" in it.\n2. Ask the database for a user:\n   create user served\n',
  )
  const { stdout: json } = await sd(['install', file, '--json'])
  expect(JSON.parse(json)).toMatchObject({
    name: 'served',
    instructions: [expect.any(String), expect.any(String)],
  })
  expect(starts()).toEqual([])
})

test("a daemon's own file makes them, too, and is what they start", async () => {
  const file = fixture('own-file.ts')
  const words = [process.execPath, '-C', '@sd/source', file]
  const { status, stdout } = spawnSync(words[0]!, [...words.slice(1), '-I', 'systemd'], {
    encoding: 'utf8',
    env: { ...process.env, ...sandbox.env },
  })
  expect(status).toBe(0)
  const start = [words[0], '--inspect-publish-uid=stderr', '--inspect-port=127.0.0.1:0', ...words.slice(1)]
  expect(stdout).toContain(`ExecStart=${start.join(' ')}\n`)
  expect(stdout).toContain(`# Made by: node ${file} -I systemd\n`)
})

function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
}

/** Debian's supervisor belongs to Debian's Python. */
function supervisorPython(): string {
  return existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
}

function list(content: string, pattern: RegExp): string[] {
  return JSON.parse(pattern.exec(content)![1]!)
}
