import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox } from '@sd/testing'
import { connectClient } from './line-client.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

interface Statistics {
  readonly clients: number
  readonly accepted: number
  readonly refused: number
  readonly rss: number
  readonly arrayBuffers: number
}

/** Runs a fixture, with a limit of open files if one is given. */
function run(name: string, args: readonly (string | number)[], files?: number): Fixture {
  const prefix = files === undefined ? [] : ['sh', '-c', `ulimit -n ${files}; exec "$@"`, 'sh']
  return runFixture(new URL(`./fixtures/${name}.ts`, import.meta.url), {
    args: args.map(String),
    env: sandbox.env,
    prefix,
  })
}

async function runServer(options: object, files?: number): Promise<{ fixture: Fixture; port: number }> {
  const fixture = run('echo-server', [JSON.stringify(options)], files)
  const [, port] = await fixture.waitForLine(/^port (\d+)$/)
  return { fixture, port: Number(port) }
}

async function readStatistics(fixture: Fixture): Promise<Statistics> {
  const before = fixture.lines.filter((line) => line.startsWith('stats')).length
  fixture.tell('stats')
  for (;;) {
    const lines = fixture.lines.filter((line) => line.startsWith('stats'))
    if (lines.length > before) return JSON.parse(lines.at(-1)!.slice(6))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function stop(fixture: Fixture): Promise<void> {
  fixture.kill('SIGTERM')
  expect(await fixture.exit).toEqual({ code: 0, signal: null })
}

test('ten thousand clients are served at once, and the next one is refused', async () => {
  const hardLimit =
    Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' })) || Number.POSITIVE_INFINITY
  const count = Math.min(10_000, hardLimit - 500)
  const { fixture, port } = await runServer({ maxClients: count }, count + 400)
  const before = await readStatistics(fixture)
  const clients = run('many-clients', [port, count + 50], count + 400)
  const [, result] = await clients.waitForLine(/^done (.*)$/, 60_000)
  expect(JSON.parse(result!)).toEqual({ welcomed: count, closed: 50, failed: 0 })
  const full = await readStatistics(fixture)
  expect(full).toMatchObject({ clients: count, accepted: count, refused: 50 })
  expect((full.rss - before.rss) / count).toBeLessThan(40_000)
  clients.tell('ask')
  await clients.waitForLine(new RegExp(`^answered ${count} in`), 60_000)
  clients.tell('end')
  expect(await clients.exit).toEqual({ code: 0, signal: null })
  await stop(fixture)
}, 150_000)

test('where the system allows fewer files, the clients beyond are refused, and the daemon keeps some', async () => {
  const { fixture, port } = await runServer({}, 120)
  await fixture.waitForLine(/There is room for \d+ clients, not 10000: this process may open 120 files/)
  const clients = run('many-clients', [port, 200])
  const [, result] = await clients.waitForLine(/^done (.*)$/)
  const { welcomed, closed } = JSON.parse(result!)
  expect(welcomed).toBeGreaterThan(60)
  expect(welcomed + closed).toBe(200)
  const { refused } = await readStatistics(fixture)
  expect(refused).toBe(closed)
  clients.tell('end')
  await clients.exit
  const late = connectClient(port)
  expect(await late.line()).toBe('welcome')
  expect(await late.ask('echo still here')).toBe('still here')
  late.socket.end()
  await late.closed
  await stop(fixture)
})

test('where the files run out all the same, connections are closed, and the server goes on', async () => {
  // Everything that the plugin leaves for the daemon is used up.
  const { fixture, port } = await runServer({ maxClients: 10_000 }, 100)
  const eater = run('many-clients', [port, 300])
  await eater.waitForLine(/^done/)
  execFileSync('prlimit', ['--pid', String(fixture.pid), '--nofile=30:30'])
  eater.tell('end')
  await eater.exit
  const clients = run('many-clients', [port, 100])
  const [, result] = await clients.waitForLine(/^done (.*)$/)
  const { welcomed, closed } = JSON.parse(result!)
  expect(welcomed).toBeGreaterThan(0)
  expect(closed).toBeGreaterThan(50)
  expect(welcomed + closed).toBe(100)
  clients.tell('end')
  await clients.exit
  const late = connectClient(port)
  expect(await late.line()).toBe('welcome')
  late.socket.end()
  await late.closed
  await stop(fixture)
})

test('clients of every bad kind do not slow the others down, and memory stays bounded', async () => {
  const limits = { maxInput: 10_000, idleTimeout: 500, writeTimeout: 1000, maxOutput: 500_000 }
  const { fixture, port } = await runServer(limits)
  const bad = run('bad-clients', [port])
  await bad.waitForLine(/^at it$/)
  // What else the machine does moves every number: one round of several in which they cost little is the proof.
  let isFair = false
  for (let round = 0; round < 10 && !(isFair && round > 2); round++) {
    bad.kill('SIGSTOP')
    const quiet = await measure(port)
    bad.kill('SIGCONT')
    // Two milliseconds are the scheduler's.
    if ((await measure(port)) < Math.max(2 * quiet, 2)) isFair = true
  }
  expect(isFair).toBe(true)
  const { rss, arrayBuffers } = await readStatistics(fixture)
  // 233 clients, each with what the system's and Node's buffers hold for it.
  expect(rss).toBeLessThan(400 * 1024 * 1024)
  expect(arrayBuffers).toBeLessThan(64 * 1024 * 1024)
  bad.kill()
  await bad.exit
  await stop(fixture)
}, 120_000)

/** @returns the 99th percentile of the time to an answer, milliseconds. */
async function measure(port: number): Promise<number> {
  const client = connectClient(port)
  await client.line()
  const times: number[] = []
  for (let index = 0; index < 1500; index++) {
    const begin = performance.now()
    expect(await client.ask(`echo ${index}`)).toBe(String(index))
    times.push(performance.now() - begin)
  }
  client.socket.end()
  await client.closed
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!
}
