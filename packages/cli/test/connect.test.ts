import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Fixture, runFixture } from '@sd/testing'
import { useTerminals } from './use-terminals.ts'

const terminals = useTerminals()

async function serve(listen: object, ...more: string[]): Promise<{ fixture: Fixture; port: string }> {
  const file = new URL('./fixtures/line-server.ts', import.meta.url)
  const fixture = runFixture(file, { args: [JSON.stringify(listen), ...more], env: terminals.env })
  terminals.atEnd(async () => {
    fixture.kill('SIGTERM')
    await fixture.exit
  })
  const [, port] = await fixture.waitForLine(/^up (\w+)$/)
  return { fixture, port: port! }
}

test('sends lines, and shows what the server sends meanwhile without disturbing them', async () => {
  const { fixture, port } = await serve({ port: 0, host: '127.0.0.1' })
  const terminal = await terminals.open({ columns: 60 })
  const before = await terminal.modes()
  await terminal.enter(`$SD_CLI connect 127.0.0.1:${port}; echo "code $?"`)
  await terminal.waitFor(/Connected to 127\.0\.0\.1:\d+\. Ctrl-D ends sending, Ctrl-C le\naves\.\n> *$/)
  await terminal.enter('echo  two  spaces ')
  await terminal.waitFor(/\n two {2}spaces\n>$/)
  await terminal.enter('!!')
  await terminal.waitFor(/( two {2}spaces\n[\s\S]*){2}>$/)
  await terminal.enter('')
  await terminal.waitFor(/got ""\n>$/)
  await terminal.enter('ask')
  await terminal.waitFor(/password:\n>$/)
  await terminal.type('a line that is being typed while the server says something')
  await terminal.waitFor(/says\s*something$/)
  fixture.tell('say news')
  const screen = await terminal.waitFor(/\nnews\n/)
  expect(screen.replaceAll('\n', '|')).toMatch(
    /\|news\|> a line that is being typed while the server says\s?\|?\s?somethin\|?g$/,
  )
  await terminal.press('C-c')
  await terminal.waitFor(/news\n>$/)
  await terminal.enter('colour')
  await terminal.waitFor(/\\x1b\[31mred\\x1b\]0;title\\x07\\u202e\n>$/)
  await terminal.enter('quit')
  await terminal.waitFor(/bye\nThe server has closed the connection\.\n[\s\S]*code 0/)
  expect(await terminal.modes()).toBe(before)
  expect(readFileSync(join(terminals.sandbox.dir, '.local/state/sd/history/connect'), 'utf8')).toBe(
    'echo  two  spaces \nask\ncolour\nquit\n',
  )
}, 120_000)

test('Ctrl-D ends sending and still shows the answers; Ctrl-C leaves', async () => {
  const { fixture, port } = await serve({ port: 0, host: '::1' })
  const terminal = await terminals.open()
  const before = await terminal.modes()
  await terminal.enter(`$SD_CLI connect [::1]:${port}; echo "code $?"`)
  await terminal.waitFor(/Connected to \[::1\]:\d+/)
  await terminal.enter('slow')
  await terminal.press('C-d')
  await terminal.waitFor(/Nothing more is sent[\s\S]*at last\nThe server has closed the connection\.\ncode 0/)
  expect(await terminal.modes()).toBe(before)
  await terminal.clear()
  await terminal.enter(`$SD_CLI connect [::1]:${port}; echo "code $?"`)
  await terminal.waitFor(/Connected to/)
  await terminal.press('C-c')
  await terminal.waitFor(/code 0/)
  await fixture.waitForLine(/^bye$/)
  await terminal.clear()
  await terminal.enter(`$SD_CLI connect [::1]:${port}; echo "code $?"`)
  await terminal.waitFor(/Connected to/)
  await terminal.type('half a line')
  await terminal.waitFor(/half a line$/)
  fixture.kill()
  await terminal.waitFor(/The server has closed the connection\.[\s\S]*code 0/)
  expect(await terminal.modes()).toBe(before)
}, 120_000)

test('without a terminal it passes on what it gets, both ways', async () => {
  const path = join(terminals.sandbox.dir, 's.sock')
  await serve({ path })
  expect(await terminals.run(['connect', path], 'echo !!\n!!\ncolour\nslow\n')).toEqual({
    code: 0,
    signal: null,
    stdout: '!!\ngot "!!"\n\x1b[31mred\x1b]0;title\x07\u202e\nat last\n',
    stderr: '',
  })
  const large = await terminals.run(['connect', path], 'fill 5000000\n')
  expect(large.stdout).toBe(`${'x'.repeat(5_000_000)}\n`)
  expect(await terminals.run(['connect', path], 'quit\nnever\n')).toMatchObject({ code: 0, stdout: 'bye\n' })
}, 120_000)

test('speaks TLS, and trusts nobody it should not', async () => {
  const [certificate, key] = ['cert.pem', 'key.pem'].map((name) => join(terminals.sandbox.dir, name)) as [
    string,
    string,
  ]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
  const { port } = await serve({ port: 0 }, certificate, key)
  const connect = (...more: string[]) =>
    terminals.run(['connect', `localhost:${port}`, '--tls', ...more], 'echo hello\n')
  expect(await connect()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/self-signed[\s\S]*--ca FILE/),
  })
  expect(await connect('--ca', certificate)).toMatchObject({ code: 0, stdout: 'hello\n' })
  expect(await connect('--insecure')).toMatchObject({ code: 0, stdout: 'hello\n' })
}, 120_000)

test('says why it cannot connect', async () => {
  const refused = await terminals.run(['connect', join(terminals.sandbox.dir, 'none.sock')])
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('there is no such socket'),
  })
  for (const address of ['localhost:99999', '::1:80', 'localhost:http', 'localhost:']) {
    expect(await terminals.run(['connect', address])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no address'),
    })
  }
}, 120_000)
