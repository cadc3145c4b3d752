import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Fixture, runFixture } from '@sd/testing'
import { callCli } from './call-cli.ts'
import { useTerminals } from './use-terminals.ts'

const terminals = useTerminals()

interface Keeper {
  readonly fixture: Fixture
  /** Has it do something, and waits for it. */
  tell(line: string): Promise<void>
  end(): Promise<void>
}

async function keep(name: string): Promise<Keeper> {
  const file = new URL('./fixtures/segment-keeper.ts', import.meta.url)
  const fixture = runFixture(file, { args: [name], env: terminals.env })
  terminals.atEnd(() => fixture.kill())
  await fixture.waitForLine(/^open$/)
  const tell = async (line: string): Promise<void> => {
    fixture.tell(line)
    await fixture.waitForLine(new RegExp(`^done ${line.replaceAll(/[^\w ]/g, '.')}$`))
  }
  return {
    fixture,
    tell,
    async end() {
      await tell('destroy')
      expect(await fixture.exit).toEqual({ code: 0, signal: null })
    },
  }
}

test('lists segments, scans keys, and shows a long value page by page', async () => {
  const shop = await keep('shop')
  await shop.tell('put job.1 {"state":"waiting"}')
  await shop.tell('fill job.2')
  await shop.tell('put other "text"')
  await shop.tell(
    `put long ${JSON.stringify(Array.from({ length: 300 }, (_, n) => `item number ${n} of a list`))}`,
  )
  const terminal = await terminals.open({ rows: 20 })
  const before = await terminal.modes()
  await terminal.enter('$SD_CLI shm; echo "code $?"')
  await terminal.waitFor(/SEGMENT +MEMORY +CHANGED\s+shop +[\d.]+ KiB[\s\S]*shm> *$/)
  await terminal.enter('scan')
  await terminal.waitFor(/No segment is open/)
  await terminal.enter('addr nothing')
  await terminal.waitFor(/There is no shared memory "nothing"/)
  await terminal.enter('addr shop')
  await terminal.waitFor(/shm shop> *$/)
  await terminal.enter('scan job.')
  const scanned = await terminal.waitFor(/job\.1 +\{ state: 'waiting' \}\njob\.2 .*/)
  expect(scanned).toContain("job.2  Map(1) { 'key' => [ 1n, 1970-01-01T00:00:00.000Z, '\\x1B[31mred' ] }")
  expect(scanned).not.toContain('other  ')
  await terminal.enter('show long')
  await terminal.waitFor(/'item number 50 of a list',\n-- more/)
  await terminal.press('Space')
  await terminal.waitFor(/'item number 104 of a list',\n-- more/)
  await terminal.press('Enter')
  await terminal.waitFor(/'item number 158 of a list',\n-- more/)
  await terminal.type('q')
  await terminal.waitFor(/shm shop> *$/)
  await terminal.enter('stats')
  const owners = `pid ${shop.fixture.pid}; pid|pid \\d+; pid ${shop.fixture.pid}`
  await terminal.waitFor(new RegExp(`keys +4\\n[\\s\\S]*open in +(?:${owners})`))
  // What comes at once is taken for pasted, where a tab is a tab.
  await terminal.type('sho')
  await terminal.waitFor(/> sho$/)
  await terminal.press('Tab')
  await terminal.waitFor(/> show$/)
  await terminal.type(' jo')
  await terminal.waitFor(/> show jo$/)
  await terminal.press('Tab')
  await terminal.waitFor(/> show job\.$/)
  await terminal.press('C-c', 'C-c')
  await terminal.waitFor(/code 0/)
  expect(await terminal.modes()).toBe(before)
  expect(readdirSync(join(terminals.sandbox.dir, 'shm'))).toEqual(['shop'])
  await shop.end()
}, 120_000)

test('watches without disturbing what is being typed', async () => {
  const shop = await keep('shop')
  const terminal = await terminals.open({ columns: 60 })
  const before = await terminal.modes()
  await terminal.enter('$SD_CLI shm shop')
  await terminal.waitFor(/shm shop> *$/)
  await terminal.enter('rewatch')
  await terminal.waitFor(/Nothing was watched yet/)
  await terminal.enter('watch job.')
  await terminal.waitFor(/Watching keys that begin with job\./)
  // Longer than a row: it takes two.
  const typed = 'show a key with a name that is so long that it needs two rows'
  await terminal.type(typed)
  await shop.tell('put job.1 {"state":"waiting"}')
  await shop.tell('put other 1')
  await terminal.waitFor(/created {2}job\.1/)
  await shop.tell('put job.1 {"state":"done"}')
  await terminal.waitFor(/updated {2}job\.1/)
  await shop.tell('delete job.1')
  const screen = await terminal.waitFor(/deleted {2}job\.1/)
  const time = '\\d\\d:\\d\\d:\\d\\d\\.\\d{3}'
  const log = [
    `${time}  created  job\\.1  { state: 'waiting' }`,
    `${time}  updated  job\\.1  { state: 'done' }`,
    `${time}  deleted  job\\.1`,
    'shm shop> ',
  ]
  expect(screen).toMatch(new RegExp(`Ctrl-C ends it\\.\\n${log.join('\\n')}`))
  expect(screen.replaceAll('\n', '')).toMatch(new RegExp(`shm shop> ${typed}$`))
  // First what is typed, then the watch, then the console.
  await terminal.press('C-c')
  await terminal.waitFor(/shm shop> *$/)
  await terminal.press('C-c')
  await terminal.waitFor(/The watch has ended\.\nshm shop> *$/)
  await shop.tell('put job.2 2')
  await terminal.enter('rewatch')
  await terminal.waitFor(/ends it\.\nshm shop> *$/)
  await shop.tell('put job.3 3')
  expect(await terminal.waitFor(/created {2}job\.3/)).not.toContain('job.2')
  await shop.end()
  await terminal.waitFor(/"shop" was destroyed\.[\s\S]*\nshm> *$/)
  await terminal.press('C-d')
  await terminal.waitFor(/shell:$/)
  expect(await terminal.modes()).toBe(before)
}, 120_000)

test('runs one command, and scripts, for people and programs', async () => {
  const shop = await keep('shop')
  await shop.tell('put job.1 {"state":"waiting"}')
  await shop.tell('fill job.2')
  const scan = await terminals.run(['shm', 'shop', 'scan', '--json'])
  expect(
    scan.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { key: 'job.1', value: { state: 'waiting' } },
    { key: 'job.2', text: expect.stringContaining('1970-01-01') },
  ])
  const list = await terminals.run(['shm', '--json'])
  expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'shop', memory: expect.any(Number) }])
  expect(await terminals.run(['shm', 'shop'], 'show job.1\nshow none\nshow "job.1"\n')).toEqual({
    code: 1,
    signal: null,
    stdout: "{ state: 'waiting' }\n{ state: 'waiting' }\n",
    stderr: 'There is no key none.\n',
  })
  const watches = [
    terminals.start(['shm', 'shop', 'watch', 'job.']),
    terminals.start(['shm', 'shop', '--json']),
  ]
  watches[1]!.tell('watch')
  for (const watch of watches) await watch.waitForLine(/^Watching/)
  await shop.tell('delete job.2')
  await shop.tell('put count 5')
  await watches[0]!.waitForLine(/^\d\d:\d\d:\d\d\.\d{3} {2}deleted {2}job\.2$/)
  const [json] = await watches[1]!.waitForLine(/^.*"count".*$/)
  expect(JSON.parse(json)).toEqual({ time: expect.any(String), type: 'created', key: 'count', value: 5 })
  watches[0]!.kill('SIGINT')
  expect(await watches[0]!.exit).toEqual({ code: null, signal: 'SIGINT' })
  await shop.end()
  await watches[1]!.waitForLine(/"shop" was destroyed/)
  watches[1]!.tell('exit')
  expect((await watches[1]!.exit).code).toBe(1)
}, 120_000)

test('makes nothing: neither a segment nor its directory', async () => {
  expect(await terminals.run(['shm', 'nothing', 'scan'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no shared memory "nothing"'),
  })
  expect(await terminals.run(['shm'])).toMatchObject({ code: 0, stdout: '' })
  expect(existsSync(join(terminals.sandbox.dir, 'shm'))).toBe(false)
}, 120_000)

test('does what a script on stdin says, and lists the segments where there is none', async () => {
  const shop = await keep('shop')
  await shop.tell('put job.1 {"state":"waiting"}')
  const env = { ...terminals.env, SD_SHM_DIR: join(terminals.sandbox.dir, 'shm') }
  const scanned = await callCli(['shm'], { env, input: 'addr shop\nscan\n' })
  expect(scanned).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^job\.1 /) })
  expect(await callCli(['shm'], { env, input: 'addr nothing\n' })).toMatchObject({ code: 1, stdout: '' })
  expect((await callCli(['shm'], { env })).stdout).toMatch(/SEGMENT[\s\S]*shop/)
  await shop.end()
}, 120_000)
