import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, openTerminal, type Sandbox, type Terminal } from '@sd/testing'

const example = fileURLToPath(new URL('..', import.meta.url))
const cli = fileURLToPath(new URL('./src/main.ts', import.meta.resolve('@sd/cli/package.json')))
const golden = new URL('./golden/debug-session.txt', import.meta.url)

let sandbox: Sandbox
let terminal: Terminal

beforeEach(() => {
  sandbox = createSandbox()
  const env = { ...sandbox.env, SD_RUN_DIR: sandbox.dir, PRIME_NUMBERS_DIR: sandbox.dir, TMPDIR: sandbox.dir }
  terminal = openTerminal(env, example)
})

afterEach(async () => {
  terminal.close()
  await sandbox.assertNothingLeft({ timeout: 20_000 })
})

/** What is typed, and what must be on the screen before the next line is. */
type Step = readonly [line: string, until: RegExp]

const IDLE = /\n *\[prime-numbers \d+\] > ?$/
const STOPPED = /\n *\[\S+ \d+ [WTD]\] .* > ?$/

/** Every command, in a session as one may have it. */
const session: readonly Step[] = [
  ['help', IDLE],
  ['types', IDLE],
  ['break', IDLE],
  ['indent y', IDLE],
  ['call sieve 10, 30', /Stopped at "sieve"[\s\S]*\n *\[primes \d+ W\] .* > ?$/],
  ['where', STOPPED],
  ['trace', STOPPED],
  ['frame 0', STOPPED],
  ['args', STOPPED],
  ['locals', STOPPED],
  ['list', STOPPED],
  ['list 24', STOPPED],
  ['eval end - start', STOPPED],
  ['eval nothing', STOPPED],
  ['calls', STOPPED],
  ['status', STOPPED],
  ['next', /Stepped[\s\S]*> ?$/],
  ['next', /Stepped[\s\S]*> ?$/],
  ['!!', /Stepped[\s\S]*> ?$/],
  ['locals', STOPPED],
  ['out', /Stopped at return[\s\S]*> ?$/],
  ['c', /has returned[\s\S]*> ?$/],
  ['show primes 1', IDLE],
  ['break isPrime', IDLE],
  ['call isPrime 97', /Stopped at running[\s\S]*> ?$/],
  ['args', STOPPED],
  ['step', /Stepped[\s\S]*> ?$/],
  ['capture', /Stopped at return: true[\s\S]*> ?$/],
  ['y', /has returned true[\s\S]*> ?$/],
  ['call primes.isPrime(96)', /Stopped at running[\s\S]*> ?$/],
  ['n', /was cancelled[\s\S]*> ?$/],
  ['call isPrime 7', /Stopped at running[\s\S]*> ?$/],
  ['skip', /has returned true[\s\S]*> ?$/],
  ['break workers/primes.ts:24 if n === 35', IDLE],
  ['call primesAmong([11, 35, 13])', /Stopped at breakpoint 1[\s\S]*> ?$/],
  ['where', STOPPED],
  ['delete 1', STOPPED],
  ['c', /has returned[\s\S]*> ?$/],
  ['catch', IDLE],
  ['call factors 0.5', /Stopped where it throws[\s\S]*> ?$/],
  ['c', /has failed[\s\S]*> ?$/],
  ['catch off', IDLE],
  ['break callSent', IDLE],
  ['call factors 28', /Stopped at callSent[\s\S]*> ?$/],
  ['delete callSent', STOPPED],
  ['y', /has returned[\s\S]*> ?$/],
  ['skipfor 1', /Stops again[\s\S]*> ?$/],
  ['wait 0.1', IDLE],
  ['signal CONT', IDLE],
  ['pause', /Paused[\s\S]*> ?$/],
  ['where', STOPPED],
  ['eval daemon.ini.numbers.smallest', STOPPED],
  ['next', /Stepped[\s\S]*> ?$/],
  ['y', IDLE],
  ['eval daemon.state', IDLE],
]

test('a session with every command is what it always was', async () => {
  await start()
  const transcript: string[] = []
  for (const [line, until] of session) transcript.push(await run(line, until))
  // Commands with a pid.
  const [pid] = (await run('status', IDLE)).match(/\d+(?= {2}worker {3}factors #1)/) ?? []
  expect(pid).toBeDefined()
  transcript.push(await run(`inspect ${pid}`, IDLE), await run(`inspect ${pid} off`, IDLE))
  transcript.push(await run(`heap ${pid} ${join(sandbox.dir, 'a.heapsnapshot')}`, IDLE))
  transcript.push(await run(`signal CONT ${pid}`, IDLE), await run(`kill ${pid}`, IDLE))
  transcript.push(await run('end', /Debugging has ended/))
  terminal.press('C-c')
  await terminal.see(/Stopped after[\s\S]*\n[#$] ?$/)
  await start()
  transcript.push(await run('shutdown', /The daemon is stopping[\s\S]*\n[#$] ?$/))
  expect(JSON.parse(readFileSync(join(sandbox.dir, 'a.heapsnapshot'), 'utf8'))).toHaveProperty('snapshot')

  const seen = transcript.map(mask).join('\n')
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, `${seen}\n`)
  expect(`${seen}\n`).toBe(readFileSync(golden, 'utf8'))
}, 180_000)

async function start(): Promise<void> {
  terminal.mark()
  terminal.type(`${process.execPath} -C @sd/source ${cli} run prime-numbers.ts --debugworkers`)
  await terminal.see(/Started[\s\S]*\[prime-numbers \d+\] > ?$/)
  // On a busy machine the processes take their time.
  for (let tries = 0; tries < 100; tries++) {
    if ((await run('status', IDLE)).match(/#\d: ready/g)?.length === 6) return
  }
}

async function run(line: string, until: RegExp): Promise<string> {
  terminal.mark()
  terminal.type(line)
  await terminal.see(until)
  return terminal.since()
}

/** What differs from one time to the next, and what is not the console's. */
function mask(text: string): string {
  return text
    .split('\n')
    .filter(
      (line) =>
        !/^[#$] ?$|^\s*\d{4}-\d\d-\d\d /.test(line) &&
        !/packages\/|node:| {2}async |no JavaScript at|runs on: it stops/.test(line),
    )
    .join('\n')
    .replaceAll(sandbox.dir, '<dir>')
    .replace(/\[(\S+) \d+( [WTD])?\]/g, '[$1 <pid>$2]')
    .replace(/127\.0\.0\.1:\d+\/[\w-]+/g, '<address>')
    .replace(/\b(on|primes|factors|prime-numbers) \d{3,}\b/g, '$1 <pid>')
    .replace(/^ +\d+ {2}(daemon|worker)/gm, '  <pid>  $1')
    .replace(/\d+(\.\d+)? (s|ms|MB)\b/g, '<number> $2')
    .replace(/\b(inspect|heap|kill|CONT) \d{3,}/g, '$1 <pid>')
    .replace(/\(pid \d+\)/g, '(pid <pid>)')
    .trimEnd()
}
