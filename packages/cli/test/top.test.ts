import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { connectControl } from '@sd/control/client'
import { waitUntil } from '@sd/testing'
import { useTerminals } from './use-terminals.ts'

const terminals = useTerminals()

/** Asks the daemon without `sd-cli`. */
async function tellDaemon(
  method: string,
  params: Record<string, string | number>,
  name = 'watched',
): Promise<void> {
  const client = await connectControl(join(terminals.sandbox.dir, 'run', `${name}.sock`))
  await client.call(method, params, { timeout: 30_000 })
  await client.close()
}

test('shows the daemon, its processes, pools and calls; sorts, selects, signals, restarts', async () => {
  const daemon = await terminals.startDaemon()
  const terminal = await terminals.open()
  const modes = await terminal.modes()
  await terminal.clear()
  await terminal.enter('echo what was there before')
  const screen = await terminal.waitFor(/\nwhat was there before\nshell:$/)
  const file = join(terminals.sandbox.dir, 'go on')
  await tellDaemon('wait', { file })
  await terminal.enter('$SD_CLI top watched; echo "code $?"')
  const shown = await terminal.waitFor(/CALL +ID[\s\S]*subject\.wait +\d+ +running/)
  expect(shown).toMatch(
    new RegExp(`^watched {2}pid ${daemon.pid} {2}running {2}up [\\d.]+ m?s +\\d\\d:\\d\\d:\\d\\d\\n`),
  )
  expect(shown).toMatch(
    /loop +\d+ iterations, [\d.]+ % busy: [\d.]+ ms each, then [\d.]+ ms idle; \d+ overruns?/,
  )
  expect(shown).toMatch(/memory {2}\d+ MiB in 3 processes, CPU/)
  expect(shown).toMatch(new RegExp(`^> +${daemon.pid} {2}daemon `, 'm'))
  expect(shown).toMatch(/workers\.subject +2 +\d +\d+ +\d+\n +brief +\d+ +[\d.]+ ms +[\d.]+ ms/)
  await terminal.waitFor(/memory .*CPU [\d.]+ %[\s\S]*subject #2 +[\d.]+ %/)
  await terminal.press('s', 's')
  await terminal.waitFor(/CPU\*/)
  await terminal.type('S')
  await terminal.waitFor(/CPU\^/)
  await terminal.press('h')
  await terminal.waitFor(/sort processes by the next column/)
  await terminal.press('h', 'k')
  await terminal.waitFor(new RegExp(`Signal to ${daemon.pid} \\(daemon\\)`))
  await terminal.press('Escape')
  await terminal.waitFor(/q quit/)
  await terminal.press('k')
  await terminal.type('usr3')
  await terminal.press('Enter')
  await terminal.waitFor(/There is no signal "usr3"\. Did you mean USR[^\n]*\nq quit/)
  await terminal.press('k')
  await terminal.type('usr4')
  await terminal.press('BSpace')
  await terminal.type('2')
  await terminal.press('Enter')
  await terminal.waitFor(new RegExp(`SIGUSR2 was sent to ${daemon.pid}`))
  await daemon.waitForLine(/^got SIGUSR2$/)
  await terminal.press('Down')
  const selected = await terminal.waitFor(/^> +\d+ {4}subject #/m)
  const [, pid] = /^> +(\d+)/m.exec(selected)!
  await terminal.press('k')
  await terminal.waitFor(new RegExp(`Signal to ${pid} \\(subject #`))
  await terminal.type('9')
  await terminal.press('Enter')
  await waitUntil(() => terminals.sandbox.processes().every((process) => process.pid !== Number(pid)))
  await terminal.press('r')
  await terminal.waitFor(/Restart the daemon\?/)
  await terminal.press('n')
  await terminal.waitFor(/q quit/)
  writeFileSync(file, '')
  await terminal.press('r', 'y')
  await terminal.waitFor(/^watched .* running .* 1 restart /, 60_000)
  expect(daemon.lines.filter((line) => line === `up ${daemon.pid}`)).toHaveLength(2)
  await terminal.press('q')
  await terminal.waitFor(/code 0/)
  expect(await terminal.screen()).toBe(`${screen}$SD_CLI top watched; echo "code $?"\ncode 0\nshell:`)
  expect(await terminal.modes()).toBe(modes)
}, 120_000)

test('says when the daemon is gone, and when it does not answer; and comes back with it', async () => {
  const daemon = await terminals.startDaemon()
  const terminal = await terminals.open()
  const before = await terminal.modes()
  await terminal.enter('$SD_CLI top watched; echo "code $?"')
  await terminal.waitFor(/workers\.subject/)
  const blocking = tellDaemon('block', { milliseconds: 6000 })
  await terminal.waitFor(/No answer for [\d.]+ s: the daemon is busy, or stopped/)
  await blocking
  await waitUntil(async () => !(await terminal.screen()).includes('No answer'), 'it answers again')
  daemon.kill()
  await terminal.waitFor(/^watched .* gone [\s\S]*Gone since \d\d:\d\d:\d\d\. Waiting for it to come back\./)
  await terminal.press('r', 'y')
  await terminal.waitFor(/Not running/)
  const next = await terminals.startDaemon()
  await terminal.waitFor(new RegExp(`^watched {2}pid ${next.pid} {2}running`))
  next.kill()
  await terminal.waitFor(/Gone since/)
  await terminal.press('C-c')
  await terminal.waitFor(/code 0/)
  expect(await terminal.modes()).toBe(before)
}, 120_000)

test('fits itself to the terminal', async () => {
  await terminals.startDaemon()
  const terminal = await terminals.open({ columns: 120, rows: 40 })
  await terminal.enter('$SD_CLI top watched')
  await terminal.waitFor(/workers\.subject/)
  for (const [columns, rows] of [
    [40, 12],
    [20, 5],
    [5, 2],
    [200, 50],
  ] as const) {
    await terminal.resize(columns, rows)
    const foot = 'q quit  h help  s sort  up/down select'.slice(0, Math.min(columns - 1, 30))
    const screen = await terminal.waitFor(new RegExp(`^wat[\\s\\S]*\\n${foot.trimEnd()}[^\\n]*$`))
    const lines = screen.split('\n')
    expect(lines.length).toBe(rows)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns)
    if (columns < 100) expect(screen).toContain('…')
  }
  await terminal.press('q')
  await terminal.waitFor(/shell:$/)
}, 120_000)

test('prints snapshots, and needs a terminal for the rest', async () => {
  const daemon = await terminals.startDaemon()
  const { code, stdout } = await terminals.run([
    'top',
    'watched',
    '--json',
    '--count',
    '2',
    '--interval',
    '0.2',
  ])
  expect(code).toBe(0)
  const snapshots = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(snapshots).toHaveLength(2)
  expect(snapshots[1]).toMatchObject({
    time: expect.any(String),
    name: 'watched',
    pid: daemon.pid,
    state: 'running',
    loop: { iterations: expect.any(Number), busy: expect.any(Number) },
    processes: [
      { pid: daemon.pid, role: 'daemon', processor: expect.any(Number) },
      { role: /subject/ },
      {},
    ].map(({ role, ...rest }) =>
      expect.objectContaining({ ...rest, ...(typeof role === 'string' && { role }) }),
    ),
    pools: [{ name: 'workers.subject', size: 2, methods: [{ name: 'brief', p99: expect.any(Number) }] }],
  })
  const live = terminals.start(['top', 'watched', '--json', '--interval', '0.2'])
  await live.waitForLine(/"running"/)
  daemon.kill()
  await live.waitForLine(/"state":"gone","reason":"/)
  await terminals.startDaemon()
  await waitUntil(() => live.lines.at(-1)!.includes('"running"'), 'it is seen again')
  live.kill('SIGINT')
  await live.exit
  expect(await terminals.run(['top', 'watched'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('draws on a terminal, and there is none'),
  })
  expect(await terminals.run(['top', 'nobody', '--json'])).toMatchObject({ code: 7 })
  expect(await terminals.run(['top', 'watched', '--interval', '0'])).toMatchObject({ code: 2 })
}, 120_000)
