import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { connectControl } from '@sd/control/client'
import {
  beOtherUser,
  createSandbox,
  type Fixture,
  listeningPorts,
  runFixture,
  type Sandbox,
  waitUntil,
} from '@sd/testing'

import { PROTOCOL, type ToConsole } from '../src/protocol/messages.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

let sandbox: Sandbox
let env: Record<string, string>

beforeEach(() => {
  sandbox = createSandbox()
  env = { ...sandbox.env, SD_RUN_DIR: sandbox.dir }
})

afterEach(() => sandbox.assertNothingLeft({ timeout: 15_000 }))

async function startService(options: object, pool: object = {}, execArgv: string[] = []): Promise<Fixture> {
  const args = [JSON.stringify({ options, pool })]
  const service = runFixture(join(here, 'fixtures/service.ts'), { env, args, execArgv, cwd: here })
  await service.waitForLine(/^ready /)
  return service
}

async function stop(service: Fixture): Promise<void> {
  service.kill('SIGTERM')
  await service.exit
}

/** One service for the tests of a group, each of which leaves it as it found it. */
function shareService(): () => Fixture {
  let shared: Sandbox
  let service: Fixture
  beforeAll(async () => {
    shared = createSandbox()
    env = { ...shared.env, SD_RUN_DIR: shared.dir }
    service = await startService({ allow: true })
  })
  beforeEach(() => {
    env = { ...sandbox.env, SD_RUN_DIR: shared.dir }
  })
  afterAll(async () => {
    await stop(service)
    await shared.assertNothingLeft({ timeout: 15_000 })
  })
  return () => service
}

/** A console without a terminal: its lines are a script. */
function attach(...lines: readonly string[]): Fixture {
  const console = runFixture(join(here, 'fixtures/attach.ts'), { env, args: ['service'], cwd: here })
  for (const line of lines) console.tell(line)
  return console
}

/**
 * Runs a whole script: lines, and what must have been printed before it goes on.
 *
 * @returns what it has printed.
 */
async function run(...script: readonly (string | RegExp)[]): Promise<string> {
  const console = attach()
  for (const item of script) {
    if (typeof item === 'string') console.tell(item)
    else await console.waitForLine(item, 60_000)
  }
  console.tell('end')
  await console.exit
  return console.lines.join('\n')
}

/** A console that says at which prompt a line was typed. */
async function openConsole() {
  const control = await connectControl('service', { directory: env.SD_RUN_DIR! })
  const { socket } = (await control.call('console', {}, { timeout: 30_000 })) as { socket: string }
  await control.close()
  const hub = connect(socket)
  const told: ToConsole[] = []
  hub.on('error', () => {})
  createInterface({ input: hub }).on('line', (line) => told.push(JSON.parse(line)))
  const send = (message: object): void => void hub.write(`${JSON.stringify(message)}\n`)
  send({ protocol: PROTOCOL, role: 'console', pid: process.pid, terminal: false })

  /** The first message from there on, of that type, that matches; it is taken away with all before it. */
  async function take<Type extends 'print' | 'prompt'>(type: Type, pattern: RegExp) {
    const find = (): number => told.findIndex((each) => each.type === type && pattern.test(each.text))
    await waitUntil(() => find() >= 0, `${type} ${pattern}`, 30_000)
    return told.splice(0, find() + 1).at(-1) as Extract<ToConsole, { type: Type }>
  }
  const type = (text: string, prompt?: number): void => send({ type: 'line', text, prompt })
  return {
    type,
    prompt: async (pattern: RegExp) => (await take('prompt', pattern)).id,
    async say(text: string, prompt: number, pattern: RegExp) {
      type(text, prompt)
      return (await take('print', pattern)).text
    },
    gone: new Promise((resolve) => hub.once('close', resolve)),
  }
}

/** The names of a process's threads. Linux only. */
function threads(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => {
      try {
        return [readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim()]
      } catch {
        // It has ended since they were listed.
        return []
      }
    })
    .sort()
}

function childPids(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Whether its main thread waits, as it does for a debugger. Linux only. */
function isWaiting(pid: number): boolean {
  return /\) S /.test(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1'))
}

const debugSockets = (): string[] => readdirSync(env.SD_RUN_DIR!).filter((name) => name.endsWith('.debug'))

describe('while nobody debugs', () => {
  test('there is no thread, no inspector and no socket, neither before nor afterwards', async () => {
    const service = await startService({ allow: true, standby: false })
    await waitUntil(() => childPids(service.pid).length === 1, 'the worker is there')
    const [worker] = childPids(service.pid)
    service.tell("tell('warm', daemon.workers.crunch.square(1))")
    await service.waitForLine(/warm returned 1/)
    const before = [threads(service.pid), threads(worker!)]
    expect(before.flat().filter((name) => /sd debug|Worker ?Thread/.test(name))).toEqual([])
    expect(debugSockets()).toEqual([])

    await run('status', 'break square', 'call square 3', 'wait', 'y', /returned 9/)

    await waitUntil(() => debugSockets().length === 0, 'the socket is gone')
    const after = (): string[][] => [threads(service.pid), threads(worker!)]
    await waitUntil(() => JSON.stringify(after()) === JSON.stringify(before), 'the threads are gone')
    service.tell("say('inspector ' + process.getBuiltinModule('node:inspector').url())")
    await service.waitForLine(/inspector undefined/)
    service.tell("tell('later', daemon.workers.crunch.meet('you'))")
    await service.waitForLine(/later returned "hello you true"/)
    await stop(service)
  })

  test('no console attaches, unless the daemon allows it', async () => {
    const service = await startService({})
    const console = attach()
    await console.exit
    expect(console.lines.join('\n')).toContain(
      'not attached: The daemon "service" does not allow a console to attach. Use debugConsole({ allow: true })',
    )
    await stop(service)
  })
})

describe('a daemon that allows a console', () => {
  const shared = shareService()

  test('it can be debugged again and again', async () => {
    for (let round = 1; round <= 3; round++) {
      const returned = new RegExp(`has returned 'hello round ${round} true'`)
      const text = await run(`call meet 'round ${round}'`, 'wait', 'args', 'y', returned)
      expect(text).toContain(`name = 'round ${round}'`)
    }
  })

  test('has one at a time', async () => {
    const first = attach('status')
    await first.waitForLine(/daemon {3}service: running/)
    const second = attach()
    await second.exit
    expect(second.lines.join('\n')).toContain('refused: Another console debugs this daemon.')
    first.tell('end')
    await first.exit
  })

  test('is reached by no other user', async () => {
    const console = attach('status')
    await console.waitForLine(/daemon {3}service: running/)
    const [name] = debugSockets()
    const path = join(env.SD_RUN_DIR!, name!)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(env.SD_RUN_DIR!).mode & 0o777).toBe(0o700)
    if (process.getuid?.() === 0) {
      const program = `require('node:net').connect(${JSON.stringify(path)}).on('error', (e) => console.log(e.code)).on('connect', () => process.exit(3))`
      const args = ['--reuid=65534', '--regid=65534', '--clear-groups', '/usr/bin/env', 'node', '-e', program]
      const { stdout } = spawnSync('setpriv', args, {
        encoding: 'utf8',
        cwd: '/',
        env: { PATH: process.env.PATH },
      })
      expect(stdout.trim()).toBe('EACCES')
    }
    console.tell('end')
    await console.exit
  })

  test('logs what is evaluated', async () => {
    const service = shared()
    expect(await run('eval 6 * 7')).toContain('42')
    await service.waitForLine(/console {10}eval in service \d+: 6 \* 7/)
    await service.waitForLine(/debugging has ended/)
  })

  test('has the commands that plugins add', async () => {
    const text = await run('help greet', 'greet world', 'greet')
    expect(text).toMatch(
      /greet {14}Greets somebody\.[\s\S]*one moment\nhello world[\s\S]*It is written: greet/,
    )
  })

  test('tasks are debugged from their first line on', async () => {
    const [line] = readFileSync(join(here, 'fixtures/crunch.ts'), 'utf8')
      .split('\n')
      .flatMap((text, index) => (text.includes('report on') ? [index + 1] : []))
    const text = await run(
      `break fixtures/crunch.ts:${line}`,
      "call report 'today'",
      'wait',
      'locals',
      'n',
      /report\('today'\) has failed: .*cancelled/,
    )
    expect(text).toMatch(/\[report \d+ T\] call \d+ report\('today'\) > locals\ntitle = 'today'/)
  })

  test('a call that is captured is dropped, or passed on', async () => {
    const text = await run(
      ...[
        'break square',
        'call square 4',
        'wait',
        'capture',
        'wait',
        'n',
        /square\(4\) has failed: .*cancelled/,
      ],
      ...['call square 5', 'wait', 'capture', 'wait', 'y', /square\(5\) has returned 25/],
    )
    expect(text).toMatch(/Stopped at return: 16[\s\S]*crunch\.square\(4\) has failed: .*cancelled/)
    expect(text).toMatch(/Stopped at return: 25[\s\S]*crunch\.square\(5\) has returned 25/)
  })

  test('an expression that never ends is ended, and the process goes on', async () => {
    const endless = 'eval (() => { for (;;); })()'
    const text = await run(
      ...["call meet 'you'", 'wait', endless, 'eval mine', 'y', /has returned 'hello you true'/],
      ...[endless, 'eval daemon.state'],
    )
    expect(text.match(/It has not come to its end within 4 s, and was ended\./g)).toHaveLength(2)
    expect(text).toMatch(/> eval mine\n'hello you'\n/)
    expect(text).toMatch(/> eval daemon\.state\n'running'\n/)
  })

  test('an expression may be an object, a statement, await, or a promise that nobody keeps', async () => {
    const text = await run(
      ...['eval { a: 1 }', 'eval let a = 1; a + 1', 'eval await daemon.workers.crunch.square(3)'],
      ...['eval new Promise(() => {})', "eval Promise.reject(new Error('no'))", 'eval await 1, await 2'],
      ...[
        "call meet 'you'",
        'wait',
        'eval { mine }',
        'eval let b = 2; b + 1',
        'eval mine = "bye"',
        'y',
        /has returned 'bye true'/,
      ],
    )
    for (const [line, answer] of [
      ['{ a: 1 }', '{ a: 1 }'],
      ['let a = 1; a + 1', '2'],
      ['await daemon.workers.crunch.square(3)', '9'],
      ['new Promise(() => {})', 'A promise that is not settled after 4 s: nobody waits for it any more.'],
      [`Promise.reject(new Error('no'))`, 'It throws: Error: no'],
      ['await 1, await 2', '2'],
      ['{ mine }', `{ mine: 'hello you' }`],
      ['let b = 2; b + 1', '3'],
    ]) {
      expect(text).toContain(`> eval ${line}\n${answer}\n`)
    }
  })

  test('an expression that waits for what stops gives that the prompt', async () => {
    const text = await run("eval daemon.workers.crunch.meet('you')", 'args', 'y', /^'hello you true'$/)
    expect(text).toMatch(/\[crunch \d+ W\] call \d+ meet\('you'\) > args\nname = 'you'/)
    expect(text).toMatch(/> y\n[\s\S]*'hello you true'\n/)
  })

  test('values are shown however large they are, and variables that have none yet are not', async () => {
    const text = await run(
      ...[
        'call hoard 3e8',
        'wait',
        'locals',
        'eval treasure',
        'eval treasure.length',
        'where',
        'y',
        /hoard\(300000000\) has returned 300000000/,
      ],
      "eval 'y'.repeat(3e8)",
    )
    expect(text).toMatch(/> locals\nsize = 300000000\ntreasure = 'x{4000}'\.\.\. 299996000 more characters\n/)
    expect(text).not.toMatch(/later =|has not answered/)
    expect(text).toMatch(/> eval treasure\n'x{4000}'\.\.\. 299996000 more characters\n/)
    expect(text).toContain('crunch.hoard(300000000) has returned 300000000')
    expect(text).toMatch(/'y{4000}'\.\.\. 299996000 more characters\n/)
  })

  test('a breakpoint whose condition throws stops, and says what is wrong with it', async () => {
    const text = await run(
      ...[
        'break fixtures/crunch.ts:9 if x.part.size > 3',
        'call square 2',
        'wait',
        'args',
        'y',
        /square\(2\) has returned/,
      ],
      ...[
        'delete 1',
        'break fixtures/crunch.ts:9 if doubled > 6',
        'call square 3',
        /square\(3\) has returned 9/,
      ],
      ...['call square 4', 'wait', 'args', 'y', /square\(4\) has returned/],
    )
    expect(text).toMatch(
      /Stopped at breakpoint 1, whose condition throws TypeError: Cannot read properties of undefined [^\n]*, in square \(/,
    )
    expect(text).toMatch(/> args\nx = 2\n/)
    expect(text).toMatch(/Stopped at breakpoint 2, in square \([\s\S]*> args\nx = 4\n/)
  })

  test.each([
    // The line that gives it its value, and a name that is none.
    ['8 if result > 3', "Cannot access 'result'"],
    ['9 if tripled > 3', 'tripled is not defined'],
  ])('a breakpoint at line %s does not stop, and tells once why', async (where, error) => {
    const text = await run(
      ...[`break fixtures/crunch.ts:${where}`, 'call square 2', /square\(2\) has returned 4/],
      ...['call square 3', /square\(3\) has returned 9/, /Breakpoint 1 does not stop/],
    )
    expect(text).not.toContain('Stopped')
    expect(text.match(/Breakpoint 1 does not stop in crunch \d+: its condition throws .*/g)).toEqual([
      expect.stringContaining(`ReferenceError: ${error}`),
    ])
  })

  test('a line is about what the prompt said at which it was typed', async () => {
    const service = shared()
    const console = await openConsole()
    const idle = await console.prompt(/^\[service/)
    console.type("call meet 'you'", idle)
    const stopped = await console.prompt(/^ *\[crunch/)
    const worker = await console.say('eval process.pid', stopped, /^ *\d+$/)
    expect(childPids(service.pid)).toContain(Number(worker))
    expect(Number(await console.say('eval process.pid', idle, /^ *\d+$/))).toBe(service.pid)
    await console.say('c', idle, /has stopped meanwhile: nothing is done/)
    console.type('c', stopped)
    await console.prompt(/^\[service/)
    await console.say('eval process.pid', stopped, /does not have the prompt any more: nothing is done/)
    console.type('end')
    await console.gone
  })

  test('a daemon in native code holds up neither a pause nor the end', async () => {
    const service = shared()
    const console = attach('status')
    await console.waitForLine(/daemon {3}service: running/)
    const file = join(sandbox.dir, 'over')
    const command = `while [ ! -e ${file} ]; do sleep 0.1; done`
    service.tell(`say('blocks'), process.getBuiltinModule('node:child_process').execSync('${command}')`)
    await service.waitForLine(/^blocks$/)
    console.tell('pause')
    await console.waitForLine(/runs no JavaScript at the moment/)
    console.tell('end')
    await console.exit
    expect(console.lines.join('\n')).toContain('ended: Debugging has ended')
    writeFileSync(file, '')
    await service.waitForLine(/debugging has ended/)
    await waitUntil(() => debugSockets().length === 0, 'it has let go')
  })

  test('what was wrong is said', async () => {
    const text = await run(
      ...[
        'where',
        'break nothing.ts:0',
        'break fixtures/crunch.ts:9000',
        'break crunch.ts:8 if x >',
        'break sqare',
        'delete 7',
        'pause 1',
        'call',
      ],
      ...[
        'call nobody',
        'call square (',
        'show 99',
        'signal NOPE',
        'kill 1',
        'skipfor never',
        'eval nonsense(',
      ],
    )
    for (const message of [
      'Nothing is stopped.',
      'Lines are counted from 1.',
      'fixtures/crunch.ts ends with line ',
      '"x >" is no expression',
      'Did you mean "square"?',
      'There is no breakpoint 7',
      '1 is not debugged',
      'It is written: call METHOD ARGUMENTS',
      'There is no method "nobody".',
      '"(" is no list of arguments',
      'No call 99 is known',
      'There is no signal "NOPE".',
      '1 is no process of this daemon',
      'It is written: skipfor SECONDS',
      'It throws: SyntaxError',
    ]) {
      expect(text).toContain(message)
    }
  })

  test('lines are those of the source where a script was made of one', async () => {
    const source =
      'enum Kind { Small, Large }\n\nexport function judge(size: number): string {\n  const kind: Kind = size > 9 ? Kind.Large : Kind.Small\n  return Kind[kind]!\n}\n'
    const directory = sandbox.dir
    writeFileSync(join(directory, 'judge.ts'), source)
    const made = stripTypeScriptTypes(source, {
      mode: 'transform',
      sourceMap: true,
      sourceUrl: join(directory, 'judge.ts'),
    })
    writeFileSync(join(directory, 'judge.mjs'), made)
    const service = shared()
    const text = await run(
      'break judge.ts:5',
      `eval load(${JSON.stringify(join(directory, 'judge.mjs'))}).then((it) => { globalThis.judge = it.judge })`,
      'eval setTimeout(() => say(judge(12)), 100).hasRef()',
      'wait',
      'locals',
      'y',
    )
    expect(text).toMatch(
      /Stopped at breakpoint 1, in judge \(.*judge\.ts:5:\d+\)\n> {4}5 {4}return Kind\[kind\]!/,
    )
    expect(text).toMatch(/size = 12\nkind = 1/)
    await service.waitForLine(/^Large$/)
  })
})

describe('a process that is debugged', () => {
  test('who stops while a step does not end gets the prompt', async () => {
    const service = await startService({ allow: true }, { size: 2 })
    const console = attach('break endless', 'call endless 9', 'wait', 'call nap 200', 'out', 'where', 'y')
    await console.waitForLine(/Stopped at "awake"/)
    await console.waitForLine(/> {2}0 {2}nap {2}/)
    await console.waitForLine(/crunch\.nap\(200\) has returned 'rested'/)
    const [, pid] = await console.waitForLine(/\[crunch (\d+) W\] call 1 endless/)
    console.tell(`kill ${pid}`)
    console.tell('end')
    await console.exit
    await stop(service)
  })

  test('who is killed while the daemon cannot be told of its stop holds up nobody', async () => {
    const service = await startService({ allow: true })
    const console = attach('status', 'wait 40', 'args', 'y', 'end')
    await console.waitForLine(/> wait 40/)
    const [worker] = childPids(service.pid)
    const [awake, gone] = ['awake', 'gone'].map((name) => join(sandbox.dir, name)) as [string, string]
    // In native code: a loop would answer.
    const block = `process.getBuiltinModule('node:child_process').execSync('while [ ! -e ${gone} ]; do sleep 0.02; done')`
    service.tell(
      `tell('lost', daemon.workers.crunch.nap(2000, ${JSON.stringify(awake)})); setTimeout(() => { ${block} }, 100)`,
    )
    await waitUntil(() => existsSync(awake), 'it stops with its next statement')
    await waitUntil(() => isWaiting(worker!), 'it has stopped')
    process.kill(worker!, 'SIGKILL')
    // The hub says so only if it had heard of the stop before; the other way round there is nothing to wait for.
    await console.waitForLine(/is gone\./, 3000).catch(() => {})
    writeFileSync(gone, '')
    await service.waitForLine(/lost failed SD_WORKERS_DIED/)
    service.tell("tell('next', daemon.workers.crunch.meet('you'))")
    await console.waitForLine(/name = 'you'/)
    await service.waitForLine(/next returned "hello you true"/)
    await console.exit
    await stop(service)
  })
})

test('a daemon that stops does not wait for who thinks at a prompt, and loses no call', async () => {
  const service = await startService({ allow: true })
  const console = attach('status', 'wait 20', 'args', 'wait 60')
  await console.waitForLine(/daemon {3}service: running/)
  service.tell("tell('held', daemon.workers.crunch.meet('you'))")
  await console.waitForLine(/name = 'you'/)
  service.kill('SIGTERM')
  await service.waitForLine(/held returned "hello you true"/)
  expect(await service.exit).toMatchObject({ code: 0 })
  await console.exit
})

test('a daemon that stops does not wait for a command that waits', async () => {
  const service = await startService({ allow: true })
  const console = attach('status', 'wait 600')
  await console.waitForLine(/> wait 600/)
  service.kill('SIGTERM')
  expect(await service.exit).toMatchObject({ code: 0 })
  await console.exit
  expect(console.lines.join('\n')).toContain('Debugging has ended: the daemon is stopping.')
  expect(service.lines.join('\n')).toContain('debugging has ended: the daemon is stopping')
})

describe('while the daemon itself is paused', () => {
  test('its lock is held on, no slot of its loop is missed, and nobody takes its place', async () => {
    const lock = join(sandbox.dir, 'lock')
    const file = join(here, 'fixtures/locked-daemon.ts')
    const daemon = runFixture(file, { env, args: [lock, 'debugged'], cwd: here })
    // The console is on its stdin.
    daemon.tell('wait 20')
    await daemon.waitForLine(/Stopped at "third"/)
    const since = performance.now()
    const other = runFixture(file, { env, args: [lock], cwd: here })
    expect(await other.exit).toMatchObject({ code: 1 })
    await waitUntil(() => performance.now() - since > 6000, 'three times the ttl is over', 10_000)
    const third = runFixture(file, { env, args: [lock], cwd: here })
    expect(await third.exit).toMatchObject({ code: 1 })
    daemon.tell('y')
    await daemon.waitForLine(/round 5/)
    expect(daemon.lines.join('\n')).not.toMatch(/lost|overrun/)
    daemon.tell('shutdown')
    expect(await daemon.exit).toMatchObject({ code: 0 })
    expect(existsSync(lock)).toBe(false)
  })

  test('one that waits for its next turn loses neither its lock nor time on the way to a pause, also where it stops nowhere else', async () => {
    const wait = async (first: string): Promise<void> => {
      const place = join(sandbox.dir, first)
      mkdirSync(place, { mode: 0o700 })
      const daemon = runFixture(join(here, 'fixtures/waiting-daemon.ts'), {
        env: { ...env, SD_RUN_DIR: place },
        args: [join(place, 'lock')],
        cwd: here,
      })
      await daemon.waitForLine(/round/)
      daemon.tell(first)
      daemon.tell('pause')
      await daemon.waitForLine(/runs no JavaScript at the moment/)
      // Four times the ttl.
      daemon.tell('wait 4')
      await daemon.waitForLine(/Nothing has stopped within 4 s/)
      daemon.tell('eval daemon.wake()')
      await daemon.waitForLine(/Paused, in .*waiting-daemon\.ts:\d+/)
      daemon.tell('c')
      const rounds = (): number => daemon.lines.filter((line) => line.endsWith('round')).length
      await waitUntil(() => rounds() === 2, 'it has gone on')
      daemon.tell('shutdown')
      expect(await daemon.exit).toMatchObject({ code: 0 })
      expect(daemon.lines.join('\n')).not.toMatch(/lost|overrun/)
    }
    await Promise.all([wait('status'), wait('skipfor 600')])
  })
})

describe('a daemon that hangs', () => {
  async function hang(options: object): Promise<Fixture> {
    const service = await startService(options)
    service.tell(
      `load('${join(here, 'fixtures/hanging.ts')}').then(({ hang }) => (say('hangs'), say(hang())))`,
    )
    await service.waitForLine(/^hangs$/)
    return service
  }

  test('is debugged again and again, and goes on', async () => {
    const service = await hang({ allow: true })
    const paused = /Paused, in hang \(fixtures\/hanging\.ts:/
    for (let round = 1; round <= (process.env.SD_SOAK ? 2 : 1); round++) {
      const console = attach('status', 'pause')
      await console.waitForLine(paused, 60_000)
      console.tell('where')
      await console.waitForLine(/> +0 {2}hang {2}fixtures\/hanging\.ts:/)
      console.tell('end')
      await console.exit
      expect(console.lines.join('\n')).toMatch(/daemon {3}service: running[\s\S]*ended: Debugging has ended/)
    }
    const console = attach('break square', 'pause')
    await console.waitForLine(paused, 60_000)
    for (const line of ['call square 3', 'eval going = false', 'c', 'wait 60']) console.tell(line)
    // The worker has an agent, too.
    await console.waitForLine(/Stopped at running/, 60_000)
    console.tell('y')
    await console.waitForLine(/square\(3\) has returned 9/, 60_000)
    console.tell('end')
    await console.exit
    await service.waitForLine(/^hung for \d+$/)
    await waitUntil(() => debugSockets().length === 0, 'the socket is gone')
    // What began in the loop has ended, and all is as ever.
    expect(await run('eval 6 * 7')).toContain('42')
    await stop(service)
    expect(readdirSync(sandbox.dir).filter((name) => name.endsWith('.standby'))).toEqual([])
  }, 240_000)

  test('is not where it does not allow consoles, or has no standby', async () => {
    for (const options of [{}, { allow: true, standby: false }]) {
      const service = await hang(options)
      const console = attach()
      await console.exit
      expect(console.lines.join('\n')).toMatch(/not attached: .*standby thread/)
      service.kill('SIGKILL')
      await service.exit
      await waitUntil(() => sandbox.processes().length === 0, 'all are gone')
    }
  }, 240_000)

  test('in native code says so', async () => {
    const service = await startService({ allow: true })
    await waitUntil(() => readdirSync(sandbox.dir).includes('service.standby'), 'the thread listens')
    const file = join(sandbox.dir, 'over')
    const command = `while [ ! -e ${file} ]; do sleep 0.1; done`
    service.tell(`say('blocks'), process.getBuiltinModule('node:child_process').execSync('${command}')`)
    await service.waitForLine(/^blocks$/)
    const console = attach()
    await console.exit
    expect(console.lines.join('\n')).toMatch(/not attached: .*native code/)
    writeFileSync(file, '')
    service.tell("say('goes on')")
    await service.waitForLine(/^goes on$/)
    await stop(service)
  }, 120_000)
})

describe('inspectors that a console opens', () => {
  test('no other user finds the one of a worker, nor one through which a stuck worker is reached', async () => {
    const service = await startService({ allow: true })
    const stranger = await beOtherUser(sandbox)
    service.tell("tell('stuck', daemon.workers.crunch.endless(7))")
    await waitUntil(() => childPids(service.pid).length === 1, 'the worker is there')
    const [worker] = childPids(service.pid)
    const console = attach(`pause ${worker}`)
    await console.waitForLine(/Paused, in endless/, 30_000)
    console.tell(`inspect ${worker}`)
    await console.waitForLine(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+$/, 30_000)
    const [found] = await stranger.probe()
    expect(found).toMatchObject({ statuses: [404, 404, 404], addresses: [], ran: [] })
    await stranger.leave()
    console.tell('end')
    await console.exit
    // Its worker would take all the time that there is.
    service.kill('SIGKILL')
    await service.exit
  })

  test("the daemon's own is opened only where no other user finds it", async () => {
    const open = await startService({ allow: true })
    const text = await run(`inspect ${open.pid}`, 'eval 6 * 7', /^42$/)
    expect(text).toContain('The inspector is not opened')
    expect(listeningPorts(open.pid)).toEqual([])
    await stop(open)

    const closed = await startService({ allow: true }, {}, ['--inspect-publish-uid=stderr'])
    const stranger = await beOtherUser(sandbox)
    const console = attach(`inspect ${closed.pid}`)
    await console.waitForLine(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+$/, 30_000)
    const [found] = await stranger.probe()
    expect(found).toMatchObject({ statuses: [404, 404, 404], addresses: [], ran: [] })
    await stranger.leave()
    console.tell('end')
    await console.exit
    await waitUntil(() => listeningPorts(closed.pid).length === 0, 'the port is closed')
    await stop(closed)
  })
})
