import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  createSandbox,
  type Fixture,
  openTerminal,
  runFixture,
  type Sandbox,
  type Terminal,
  waitUntil,
} from '@sd/testing'

const here = fileURLToPath(new URL('.', import.meta.url))
const node = `${process.execPath} --disable-warning=ExperimentalWarning -C @sd/source`

let sandbox: Sandbox
let terminal: Terminal
let env: Record<string, string>

beforeEach(() => {
  sandbox = createSandbox()
  env = { ...sandbox.env, SD_RUN_DIR: sandbox.dir, SERVICE_LOG: join(sandbox.dir, 'log') }
  terminal = openTerminal(env, here)
})

afterEach(async () => {
  terminal.close()
  await sandbox.assertNothingLeft({ timeout: 20_000 })
})

/** Starts the service with its console in the terminal. */
async function startService(settings: object = {}): Promise<void> {
  const json = JSON.stringify({ options: { foreground: true }, ...settings })
  terminal.type(`${node} fixtures/service.ts '${json}'`)
  await terminal.see(/ready \d+[\s\S]*\[service \d+\] > ?$/)
  terminal.mark()
}

/** Starts the service without a terminal; it takes JavaScript. */
async function startDetached(settings: object = {}): Promise<Fixture> {
  const json = JSON.stringify({ options: { allow: true }, ...settings })
  const service = runFixture(join(here, 'fixtures/service.ts'), { env, args: [json], cwd: here })
  await service.waitForLine(/^ready /)
  return service
}

async function attach(): Promise<void> {
  terminal.type(`${node} fixtures/attach.ts service`)
  await terminal.see(/Debugging service[\s\S]*> ?$/)
}

/** All four are there. */
async function seeFour(): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const [text] = await say('status', /status\n[\s\S]*\[service \d+\] > ?$/)
    if (text.match(/crunch #\d: ready\n/g)?.length === 4) return
  }
}

/** All four are stopped. */
async function seeFourStopped(): Promise<void> {
  let text = ''
  for (let tries = 0; tries < 50; tries++) {
    ;[text] = await say('status', /status\n[\s\S]*, \d stopped\n[\s\S]*> ?$/)
    if (text.includes(', 4 stopped')) return
  }
  throw new Error(`Four should be stopped:\n${text}`)
}

/** Types a command and waits for what it shows. */
async function say(line: string, pattern: RegExp): Promise<RegExpMatchArray> {
  terminal.mark()
  terminal.type(line)
  return terminal.see(pattern)
}

async function leave(): Promise<void> {
  await say('shutdown', /The daemon is stopping[\s\S]*\n[#$] ?$/)
}

/** Linux only. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

/** What the service has logged. */
function log(): string {
  return readFileSync(env.SERVICE_LOG!, 'utf8')
}

describe('a process that is stuck', () => {
  test('is paused where it is, looked at, changed, and goes on', async () => {
    await startService()
    await say('call endless 1000', /It is called\.[\s\S]*\[service \d+\] > ?$/)
    const [, pid] = await say('status', /(\d+) {2}worker/)
    await say(
      `pause ${pid}`,
      /Paused, in endless \(fixtures\/crunch\.ts:1[56]:\d+\)[\s\S]* call 1 endless\(1000\) > ?$/,
    )
    await say('where', />\s+0 {2}endless {2}fixtures\/crunch\.ts:1[56]/)
    await say('locals', /limit = 1000[\s\S]*going = true\nrounds = \d+/)
    await say('eval going = false', /\nfalse\n/)
    await say('c', /crunch\.endless\(1000\) has returned 'stopped after \d+'/)
    await leave()
  })

  test('is aborted, and its call settles as cancelled', async () => {
    await startService()
    await say("eval tell('stuck', daemon.workers.crunch.endless(7))", /undefined\n/)
    const [, pid] = await say('status', /(\d+) {2}worker/)
    await say(`pause ${pid}`, / call 1 endless\(7\) > ?$/)
    await say('n', /stuck failed SD_WORKERS_CANCELLED/)
    await leave()
  })

  test('is reached even when it was stuck before the console came', async () => {
    const service = await startDetached()
    service.tell("tell('stuck', daemon.workers.crunch.endless(7))")
    await attach()
    const [, pid] = await say('status', /(\d+) {2}worker {3}crunch #1: ready, not debugged/)
    await say(
      `pause ${pid}`,
      /reached through its inspector[\s\S]*Paused, in endless[\s\S]* endless\(7\) > ?$/,
    )
    await say('eval going = false', /\nfalse\n/)
    await say('end', /ended: Debugging has ended/)
    await service.waitForLine(/stuck returned "stopped after/)
    service.kill('SIGTERM')
    await service.exit
  })
})

describe('breakpoints in a pool of four', () => {
  const settings = { pool: { size: 4 } }

  test('a line with a condition stops each process that comes there, once', async () => {
    await startService(settings)
    await seeFour()
    await say('break fixtures/crunch.ts:8 if x > 3', /Breakpoint 1: fixtures\/crunch\.ts:8 if x > 3/)
    const calls =
      "[1, 2, 3, 4, 5, 6, 7].map((x) => tell('square ' + x, daemon.workers.crunch.square(x))).length"
    await say(
      `eval ${calls}`,
      /Stopped at breakpoint 1, in square \(fixtures\/crunch\.ts:8:\d+\)[\s\S]*square\([4-7]\) > ?$/,
    )
    const seen = new Set<string>()
    for (let stops = 0; stops < 4; stops++) {
      const [, pid, id, x] = await terminal.see(/\[crunch (\d+) W\] call (\d+) square\((\d)\) > ?$/)
      expect(Number(x)).toBeGreaterThan(3)
      seen.add(`${id} ${x}`)
      expect(pid).toBeDefined()
      await say('args', /x = \d\n/)
      await say('next', /Stepped, in square \(fixtures\/crunch\.ts:9:\d+\)[\s\S]*> ?$/)
      terminal.mark()
      terminal.type('c')
      await terminal.see(/c\n[\s\S]*(W\] call|\[service \d+\]).* > ?$/)
    }
    expect(seen.size).toBe(4)
    await waitUntil(() => (log().match(/square \d returned/g) ?? []).length === 7, 'all calls have returned')
    for (let x = 1; x <= 7; x++) expect(log()).toContain(`square ${x} returned ${x * x}`)
    await leave()
  })

  test('four at the same time are four prompts, one after the other', async () => {
    await startService(settings)
    await seeFour()
    await say(
      "eval ['a', 'b', 'c', 'd'].map((name) => tell(name, daemon.workers.crunch.meet(name))).length",
      /Stopped at "meet"[\s\S]*W\] call \d meet\('\w'\) > ?$/,
    )
    await say('indent n', /begin at the left/)
    await seeFourStopped()
    const names: string[] = []
    for (let stops = 4; stops > 0; stops--) {
      const [, name] = await say('locals', /name = '(\w)'\nmine = 'hello \w'/)
      names.push(name!)
      await terminal.see(new RegExp(`meet\\('${name}'\\) > ?$`))
      await say('c', stops > 1 ? /c\n[\s\S]*Stopped at "meet"[\s\S]*> ?$/ : /\[service \d+\] > ?$/)
    }
    expect(names.sort()).toEqual(['a', 'b', 'c', 'd'])
    await waitUntil(() => (log().match(/returned "hello \w true"/g) ?? []).length === 4, 'all have returned')
    await leave()
  })

  test('when the terminal closes in the middle, everything goes on and no call is lost', async () => {
    const service = await startDetached(settings)
    await attach()
    await seeFour()
    service.tell("for (const name of ['a', 'b', 'c', 'd']) tell(name, daemon.workers.crunch.meet(name))")
    await terminal.see(/Stopped at "meet"[\s\S]*> ?$/)
    await seeFourStopped()
    terminal.close()
    for (const name of ['a', 'b', 'c', 'd']) {
      await service.waitForLine(new RegExp(`${name} returned "hello ${name} true"`))
    }
    await service.waitForLine(/debugging has ended: The console has gone away/)
    service.tell("tell('after', daemon.workers.crunch.meet('e'))")
    await service.waitForLine(/after returned "hello e true"/)
    service.kill('SIGTERM')
    await service.exit
  })

  test('when its own terminal closes, the daemon stops and finishes its calls before', async () => {
    await startService(settings)
    await seeFour()
    await say(
      "eval ['a', 'b', 'c', 'd'].map((name) => tell(name, daemon.workers.crunch.meet(name))).length",
      /Stopped at "meet"[\s\S]*> ?$/,
    )
    terminal.close()
    await waitUntil(() => /Stopped after/.test(log()), 'the daemon has stopped', 20_000)
    expect(log().match(/returned "hello \w true"/g)).toHaveLength(4)
  })
})

describe('the terminal', () => {
  test('is left as it was found', async () => {
    const settings = async (): Promise<string> => (await say('stty -a; echo done', /speed[\s\S]*\ndone/))[0]
    const before = await settings()
    await startService()
    await say('end', /Debugging has ended[\s\S]*/)
    terminal.press('C-c')
    await terminal.see(/SIGINT: stopping[\s\S]*\n[#$] ?$/)
    expect(await settings()).toBe(before)
    await startService()
    terminal.press('C-d')
    await terminal.see(/Debugging has ended/)
    terminal.press('C-c')
    await terminal.see(/SIGINT: stopping[\s\S]*\n[#$] ?$/)
    expect(await settings()).toBe(before)
  })

  test('is left as it was found by a daemon that is killed', async () => {
    const settings = async (): Promise<string> => (await say('stty -a; echo done', /speed[\s\S]*\ndone/))[0]
    const before = await settings()
    await startService()
    await say('kill', /The daemon has gone away/)
    terminal.press('Enter')
    await terminal.see(/\n[#$] ?$/)
    expect(await settings()).toBe(before)
  })

  test('is left as it was found by a console that is killed, and Ctrl-C stops the daemon', async () => {
    const settings = async (): Promise<string> => (await say('stty -a; echo done', /speed[\s\S]*\ndone/))[0]
    const before = await settings()
    await startService()
    await say("eval tell('held', daemon.workers.crunch.meet('you'))", /Stopped at "meet"[\s\S]*> ?$/)
    const [, service] = (await say('status', /(\d+) {2}daemon/)) as unknown as [string, string]
    const pid = childrenOf(Number(service)).find((each) => /console\/main\.ts/.test(commandOf(each)))
    process.kill(pid!, 'SIGKILL')
    await waitUntil(() => /held returned "hello you true"/.test(log()), 'the call goes on')
    await waitUntil(() => /debugging has ended/.test(terminal.screen()), 'what is logged is seen again')
    terminal.press('C-c')
    await terminal.see(/SIGINT: stopping[\s\S]*\n[#$] ?$/)
    expect(await settings()).toBe(before)
  })

  test('is left at once by Ctrl-C and by Ctrl-D while a command takes its time', async () => {
    await startService()
    await say('wait 600', /wait 600\n?$/)
    terminal.press('C-c')
    await terminal.see(/Once more Ctrl-C/)
    terminal.press('C-c')
    await terminal.see(/The daemon is stopping[\s\S]*\n[#$] ?$/)
    await startService()
    await say('wait 600', /wait 600\n?$/)
    terminal.press('C-d')
    await terminal.see(/Debugging has ended/)
    terminal.press('C-c')
    await terminal.see(/SIGINT: stopping[\s\S]*\n[#$] ?$/)
  })

  test('knows history and completion, and Ctrl-C deletes what is typed', async () => {
    await startService()
    await say('types', /report {13}report/)
    await say('', /\[service \d+\] > ?$/)
    terminal.press('Up', 'Enter')
    await terminal.see(/types\n[\s\S]*report {13}report/)
    await say('!!', /!!\ntypes\n/)
    terminal.mark()
    terminal.press('s', 'k', 'i', 'p', 'f', 'Tab')
    await terminal.see(/skipfor $|skipfor$/)
    terminal.press('C-c')
    await terminal.see(/\^C\n\[service \d+\] > ?$/)
    await say('stauts', /There is no command "stauts". Did you mean "status"\?/)
    terminal.press('C-c')
    await terminal.see(/Once more Ctrl-C/)
    terminal.press('C-c')
    await terminal.see(/The daemon is stopping[\s\S]*\n[#$] ?$/)
  })

  test('shows what arrives above what is being typed', async () => {
    await startService()
    await say("eval setTimeout(() => console.log('good', 'news'), 5000).hasRef()", /true\n/)
    terminal.mark()
    terminal.press('-l', 'loca')
    await terminal.see(/good news\n\[service \d+\] > loca$/)
    terminal.press('-l', 'ls')
    terminal.press('Enter')
    await terminal.see(/locals\nNothing is stopped/)
    await leave()
  })
})
