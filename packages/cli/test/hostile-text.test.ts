import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { requireCommand } from '@sd/testing'
import { openLineConsole } from '../src/line-console/line-console.ts'
import { createOutput } from '../src/output/output.ts'
import { createStyle } from '../src/output/style.ts'
import { TerminalScreen } from '../src/screen/terminal-screen.ts'
import { ProcessorMeter } from '../src/top/processor-meter.ts'
import { renderTop } from '../src/top/render-top.ts'
import { readSnapshot } from '../src/top/snapshot.ts'
import { firstView } from '../src/top/top-view.ts'
import { type CliResult, cliCommand, runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

let server: Server
// Before it is looked for what is left.
afterEach(() => new Promise((resolve) => server.close(resolve)))

const place = usePlace()

/** Control characters but tabs and line feeds, bidirectional controls, separators, and what has no glyph. */
const HOSTILE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u

/** Styles of our own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const STYLES = /\x1b\[(?:1|2|7|22|27|31|32|33|36|39)m/g

const MEMBERS = [
  ...'\x00\x07\x08\x1b\x7f\x85\x9b\x9d\xad\u061c\u180e\u200b\u200d\u200f\u2028\u202e\u2066\ufeff\ufff9\u{e0041}',
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1b[31m',
  '\r',
  '\ud800',
]

/** A text with some of the set in it, different each time. */
function hostileText(): string {
  const pick = (): string => MEMBERS[Math.floor(Math.random() * MEMBERS.length)]!
  return `a${pick()}b${pick()}${pick()}c`
}

/** Is true of what no terminal obeys. */
function isClean(text: string): boolean {
  return !HOSTILE.test(text)
}

const each = <Value>(make: () => Value): Value[] => [make(), make(), make()]

function hostileLog() {
  return each(() => ({
    time: new Date().toISOString(),
    pid: 1,
    label: `${hostileText()}\n${hostileText()}`,
    level: hostileText(),
    message: `${hostileText()}\n${hostileText()}`,
  }))
}

/** All that a daemon can tell of itself, with hostile text in every field that has text. */
function hostileStatus() {
  const call = () => ({
    id: 1,
    pool: hostileText(),
    method: hostileText(),
    status: hostileText(),
    pid: 1,
    retries: 0,
    age: 5,
  })
  return {
    program: hostileText(),
    node: hostileText(),
    packages: { [hostileText()]: hostileText() },
    processStart: hostileText(),
    protocol: 1,
    name: 'liar',
    pid: process.pid,
    state: hostileText(),
    uptime: 5,
    startTime: hostileText(),
    restarts: 0,
    canRestart: true,
    loop: { iterations: 1, overruns: 0, meanDuration: 1, meanIdle: 1, busy: 0 },
    memory: { rss: 1, heapUsed: 1 },
    processes: {
      pid: 1,
      role: hostileText(),
      memory: 1,
      children: each(() => ({ pid: 2, role: hostileText(), memory: 1 })),
    },
    plugins: {
      [hostileText()]: {
        [hostileText()]: {
          size: 1,
          processes: [],
          queued: 0,
          calls: each(call),
          methods: { [hostileText()]: { count: 1, mean: 1, p99: 1 } },
        },
      },
      lock: { state: hostileText(), name: hostileText(), token: hostileText() },
      other: { [hostileText()]: `${hostileText()}\n${hostileText()}` },
    },
    log: hostileLog(),
    pools: each(() => ({ pool: hostileText(), pending: 1 })),
    calls: each(call),
  }
}

/** A daemon that answers, and says nothing that a terminal may be shown. What would end it is refused. */
beforeEach(async () => {
  mkdirSync(place.runDirectory, { mode: 0o700 })
  server = createServer((client) => {
    client.on('error', () => {})
    client.on('data', (bytes) => {
      for (const line of String(bytes).trim().split('\n')) {
        const { id, method, params } = JSON.parse(line)
        const send = (message: object): void =>
          void client.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
        if (['stop', 'restart', 'console'].includes(method)) {
          const data = { code: hostileText(), fact: hostileText() }
          send({ id, error: { code: -32000, message: hostileText(), data } })
        } else if (method !== 'logs') send({ id, result: hostileStatus() })
        else {
          send({ id, result: { records: hostileLog() } })
          if (!params.follow) continue
          send({ method: 'logs', params: { records: hostileLog(), dropped: hostileText() } })
          send({ method: 'logs', params: { records: hostileLog() } })
          client.end()
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(join(place.runDirectory, 'liar.sock'), resolve))
})

const cli = (...words: string[]): Promise<CliResult> => runCli(place, words)

test('whatever a daemon answers, no command prints what a terminal obeys', async () => {
  const commands = [
    ['status', 'liar'],
    ['list'],
    ['calls', 'liar'],
    ['stats', 'liar'],
    ['logs', 'liar'],
    ['restart', 'liar'],
    ['stop', 'liar'],
    ['console', 'liar'],
    ['signal', 'liar', `USR1${hostileText()}`.replaceAll('\0', '')],
    ['signals', 'liar'],
    ['top', 'liar'],
    ['completion', '--complete', '--', 'status', ''],
  ]
  for (const words of commands) {
    const { stdout, stderr, code } = await cli(...words)
    expect({ words, stdout, stderr, isClean: isClean(stdout + stderr) }).toMatchObject({ isClean: true })
    expect({ words, empty: stdout + stderr === '', code }).toMatchObject({ empty: false })
  }
})

test('JSON of what a daemon answers means the same, and a terminal obeys none of it', async () => {
  for (const words of [
    ['status', 'liar'],
    ['list'],
    ['calls', 'liar'],
    ['stats', 'liar'],
    ['logs', 'liar'],
    ['restart', 'liar'],
    ['console', 'liar'],
  ]) {
    const { stdout, stderr, json } = await cli(...words, '--json')
    expect({ words, stdout, stderr, isClean: isClean(stdout + stderr) }).toMatchObject({ isClean: true })
    expect(JSON.stringify(json())).toMatch(/a(?:[^\x20-\x7e]|\\u|\\r|\\b)/)
  }
  const { stdout } = await cli('top', 'liar', '--json', '--count', '2')
  expect(isClean(stdout)).toBe(true)
  for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ name: 'liar' })
})

test('a followed log is no exception', async () => {
  for (const more of [[], ['--json']]) {
    const following = cli('logs', 'liar', '-f', ...more)
    // Its process lives: it is this one. Without its socket it is looked for until the command ends.
    const { stdout, stderr } = await Promise.race([
      following,
      new Promise<CliResult>((_, reject) =>
        setTimeout(() => reject(new Error('It goes on.')), 60_000).unref(),
      ),
    ])
    expect({ stdout, stderr, isClean: isClean(stdout + stderr) }).toMatchObject({ isClean: true })
  }
})

test('files of a daemon that has ended, and words of a command line, are shown and not obeyed', async () => {
  mkdirSync(place.logDirectory)
  const lines = each(hostileText).join('\n')
  writeFileSync(join(place.logDirectory, 'gone.log'), lines)
  writeFileSync(join(place.logDirectory, 'gone.out'), lines)
  const word = hostileText().replaceAll('\0', '')
  for (const words of [
    ['logs', 'gone'],
    ['logs', 'gone', '--json'],
    [word],
    ['status', word],
    ['status', 'liar', `--${word}`],
    ['list', word, '--json'],
    ['start', word],
    ['run', word],
    ['init', word, word],
    ['connect', word],
  ]) {
    const { stdout, stderr } = await cli(...words)
    expect({ words, stdout, stderr, isClean: isClean(stdout + stderr) }).toMatchObject({ isClean: true })
    expect(stdout + stderr).not.toBe('')
  }
})

test('in a terminal there are no other controls than our own styles', async () => {
  requireCommand({ command: 'script', debian: 'bsdutils', elsewhere: 'with your package manager' })
  for (const words of [['status', 'liar'], ['list'], ['stats', 'liar'], ['restart', 'liar']]) {
    const line = [...cliCommand, ...words].join(' ')
    const { stdout } = await runCli(place, ['-qec', line, '/dev/null'], {
      command: ['script'],
      env: { TERM: 'xterm' },
    })
    const unstyled = stdout.replaceAll('\r\n', '\n').replaceAll(STYLES, '').replaceAll('\r\x1b[K', '')
    expect(unstyled).not.toBe('')
    expect({ words, unstyled, isClean: isClean(unstyled) }).toMatchObject({ isClean: true })
  }
})

test('styles are ours alone: text of a stranger has none', () => {
  const style = createStyle({ isTTY: true }, {})
  for (let n = 0; n < 2000; n++) {
    const text = hostileText()
    const shown = style.render(`${style.red(text)} ${text}`)
    expect(shown.match(STYLES)).toEqual(['\x1b[31m', '\x1b[39m'])
    expect(isClean(shown.replaceAll(STYLES, ''))).toBe(true)
  }
  expect(createOutput({ json: false }).style.render('\x1b[2J')).toBe('\\x1b[2J')
})

/** A terminal that keeps what is written to it. */
function fakeTerminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} })
  const written: string[] = []
  const output = Object.assign(new PassThrough().resume(), { isTTY: true, columns: 200, rows: 50 })
  output.on('data', (chunk) => written.push(String(chunk)))
  return {
    input: input as unknown as NodeJS.ReadStream,
    output: output as unknown as NodeJS.WriteStream,
    /** Without what moves the cursor on purpose. */
    text: () =>
      written
        .join('')
        // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for our own
        .replaceAll(/\x1b\[(?:\d*[ABCDGHJK]|\?\d+[hl]|[0-9;]*m)/g, '')
        .replaceAll(/\r/g, ''),
  }
}

test('top draws nothing that a terminal obeys', () => {
  const { input, output, text } = fakeTerminal()
  const screen = new TerminalScreen({ onKey() {}, onRedraw() {}, onEnd() {} }, input, output)
  try {
    const snapshot = readSnapshot(hostileStatus(), new ProcessorMeter())
    const gone = { since: new Date(), reason: hostileText() }
    for (const sight of [
      { snapshot, at: 0 },
      { snapshot, at: 0, gone },
    ]) {
      const view = { ...firstView, notice: hostileText() }
      screen.draw(renderTop({ sight, view, age: 0, now: new Date(), columns: 120, rows: 40 }))
    }
    expect(text()).toContain('PROCESS')
    expect(isClean(text())).toBe(true)
  } finally {
    screen.close()
  }
})

test('a console prints nothing that a terminal obeys', async () => {
  const { input, output, text } = fakeTerminal()
  const console = openLineConsole({
    name: 'test',
    input,
    output,
    prompt: () => `${hostileText()}> `,
    run: () => {
      throw new Error(hostileText())
    },
    complete: () => each(hostileText),
  })
  console.print(hostileText())
  console.say(hostileText())
  input.push('line\n')
  input.push('a\t')
  await new Promise((resolve) => setImmediate(resolve))
  await console.page(each(hostileText))
  console.leave()
  await console.left
  expect(text()).toMatch(/a.*b.*c/s)
  expect(isClean(text())).toBe(true)
})
