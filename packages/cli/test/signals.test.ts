import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runFixture, waitUntil } from '@sd/testing'
import { useTerminals } from './use-terminals.ts'

const terminals = useTerminals()

test('sends what is typed, by name and number, and the same again', async () => {
  const daemon = await terminals.startDaemon()
  const terminal = await terminals.open()
  const before = await terminal.modes()
  await terminal.enter('$SD_CLI signals watched; echo "code $?"')
  await terminal.waitFor(new RegExp(`watched ${daemon.pid}> *$`))
  // One after the other: the system makes one of two that it has not delivered yet.
  for (const [index, line] of ['usr2', 'SIGUSR2', '12', '!!'].entries()) {
    await terminal.enter(line)
    await waitUntil(() => daemon.lines.filter((each) => each === 'got SIGUSR2').length === index + 1)
  }
  await terminal.waitFor(/(SIGUSR2 was sent to \d+\.[\s\S]*){4}watched \d+> *$/)
  await terminal.enter('hop')
  await terminal.waitFor(/There is no signal, and no command, "hop"/)
  await terminal.enter('quit')
  await terminal.waitFor(/may mean the signal, or the end/)
  await terminal.press('C-d')
  await terminal.waitFor(/code 0/)
  expect(await terminal.modes()).toBe(before)
}, 120_000)

test('tells when the process exits, and goes on with another one', async () => {
  const daemon = await terminals.startDaemon()
  const other = await terminals.startDaemon({ DAEMON_NAME: 'other' })
  const terminal = await terminals.open()
  const before = await terminal.modes()
  await terminal.enter('$SD_CLI signals')
  await terminal.waitFor(/signals> *$/)
  await terminal.enter('HUP')
  await terminal.waitFor(/No process is attached/)
  await terminal.enter('list daemons')
  await terminal.waitFor(new RegExp(`watched +${daemon.pid} +alive`))
  await terminal.enter('pid watched')
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.type('half a li')
  await terminal.waitFor(/> half a li$/)
  daemon.kill()
  await terminal.waitFor(new RegExp(`${daemon.pid} \\(watched\\) has exited\\.\\s+signals> half a li$`))
  await terminal.press('C-c')
  await terminal.waitFor(/signals> *$/)
  await terminal.enter('TERM')
  await terminal.waitFor(/(No process is attached[\s\S]*){2}/)
  await terminal.enter(`pid ${other.pid}`)
  await terminal.waitFor(new RegExp(`^${other.pid}> *$`, 'm'))
  await terminal.enter('term')
  await terminal.waitFor(new RegExp(`${other.pid} has exited`))
  expect(await other.exit).toEqual({ code: 0, signal: null })
  await terminal.press('C-c')
  await terminal.waitFor(/shell:$/)
  expect(await terminal.modes()).toBe(before)
}, 120_000)

test('completes signals, and remembers what was typed, for its user only', async () => {
  await terminals.startDaemon()
  const terminal = await terminals.open()
  await terminal.enter('$SD_CLI signals watched')
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.type('winc')
  await terminal.press('Tab')
  await terminal.waitFor(/> WINCH$/)
  await terminal.press('Enter')
  await terminal.waitFor(/SIGWINCH was sent/)
  await terminal.enter(' usr2')
  await terminal.waitFor(/SIGUSR2 was sent/)
  await terminal.enter('exit')
  await terminal.waitFor(/shell:$/)
  const file = join(terminals.sandbox.dir, '.local/state/sd/history/signals')
  expect(readFileSync(file, 'utf8')).toBe('WINCH\nexit\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await terminal.clear()
  await terminal.enter('$SD_CLI signals watched')
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.press('Up', 'Up')
  await terminal.waitFor(/> WINCH$/)
  // What was typed in another session is not repeated blindly.
  await terminal.press('C-c')
  await terminal.enter('!!')
  await terminal.waitFor(/nothing to repeat yet/)
  await terminal.press('C-d')
  await terminal.waitFor(/shell:$/)
}, 120_000)

test('what was typed after the end is not run', async () => {
  const daemon = await terminals.startDaemon()
  const terminal = await terminals.open()
  await terminal.enter('$SD_CLI signals watched; echo "code $?"')
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.type('usr2\nexit\nkill\n')
  await terminal.waitFor(/code 0/)
  await daemon.waitForLine(/^got SIGUSR2$/)
  daemon.kill('SIGTERM')
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
}, 120_000)

test('runs a script', async () => {
  const daemon = await terminals.startDaemon()
  const sent = await terminals.run(['signals', 'watched', '--json'], 'usr2\n\n!!\n')
  const line = `${JSON.stringify({ pid: daemon.pid, signal: 'SIGUSR2' })}\n`
  expect(sent).toEqual({ code: 0, signal: null, stdout: line + line, stderr: '' })
  await daemon.waitForLine(/^got SIGUSR2$/)
  // No listener hears it: it would end the daemon.
  expect(await terminals.run(['signals', 'watched'], 'segv\n')).toMatchObject({ code: 1 })
  const failed = await terminals.run(['signals', 'watched'], 'hop\nusr2\n')
  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/"hop"[\s\S]*SIGUSR2 was sent/),
  })
}, 120_000)

test('refuses what is not there, and what is not ours', async () => {
  const gone = runFixture(new URL('./fixtures/nothing.ts', import.meta.url), { env: terminals.env })
  await gone.exit
  expect(await terminals.run(['signals', String(gone.pid)])).toMatchObject({
    code: 7,
    stderr: expect.stringContaining(`no process has the pid ${gone.pid}`),
  })
  expect(await terminals.run(['signals', 'nobody'])).toMatchObject({
    code: 7,
    stderr: expect.stringContaining('nobody is not running'),
  })
}, 120_000)

test('sends nothing of what is typed while pages are shown', async () => {
  const daemon = await terminals.startDaemon()
  const terminal = await terminals.open({ rows: 10 })
  await terminal.enter('$SD_CLI signals watched')
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.enter('list signals')
  await terminal.waitFor(/-- more[^\n]*$/)
  // The q in it ends no pages.
  await terminal.type('sigquit')
  await terminal.press('Enter')
  await terminal.waitFor(/-- more[^\n]*$/)
  // All of it comes at once; the last pages are shown after some of it.
  await terminal.type('usr2\r'.repeat(20))
  await terminal.waitFor(/watched \d+> *$/)
  await terminal.enter('usr2')
  await terminal.waitFor(/SIGUSR2 was sent/)
  await terminal.press('C-d')
  await terminal.waitFor(/shell:$/)
  daemon.kill('SIGTERM')
  await daemon.exit
  // The last one is the test's own.
  expect(daemon.lines.filter((line) => /^got /.test(line))).toEqual(['got SIGUSR2', 'got SIGTERM'])
}, 120_000)
