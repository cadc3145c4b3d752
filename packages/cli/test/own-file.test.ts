import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { runFixture, waitUntil } from '@sd/testing'
import { fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const command = [process.execPath, '-C', '@sd/source', fixture('own-file.ts')]
const call = (...words: string[]) => runCli(place, words, { command })
const cli = (...words: string[]) => runCli(place, words)
const log = () => {
  const file = join(place.logDirectory, 'own-file.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
/** The log is written when the daemon has time to. */
const untilLogged = (pattern: RegExp, times = 1) =>
  waitUntil(() => (log().match(new RegExp(pattern, 'g'))?.length ?? 0) === times, String(pattern), 30_000)

describe("a daemon's own file, with runFromCommandLine", () => {
  test('runs in the foreground, verbose where it is told so', async () => {
    const daemon = runFixture(fixture('own-file.ts'), {
      args: ['--verbose', '-p', join(place.sandbox.dir, 'my.pid')],
      env: place.env,
    })
    await daemon.waitForLine(/verbose true, daemonized false/)
    await daemon.waitForLine(/debugging/)
    expect(readFileSync(join(place.sandbox.dir, 'my.pid'), 'utf8')).toMatch(
      new RegExp(`^${daemon.pid}\\nstarted:`),
    )
    expect((await cli('status', 'own-file', '--json')).json()).toMatchObject({ pid: daemon.pid })
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toMatchObject({ code: 0 })
    expect(daemon.lines.at(-1)).toBe('stopped by signal')
    expect(existsSync(join(place.sandbox.dir, 'my.pid'))).toBe(false)
  })

  test('detaches with -d, restarts in place as what it was, and keeps its own arguments', async () => {
    const started = await call(
      '-d',
      '-p',
      join(place.sandbox.dir, 'my.pid'),
      '--verbose',
      '--',
      '--port',
      '80',
    )
    expect(started).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^own-file runs, pid \d+\.\ndid not run\n$/),
    })
    await untilLogged(/verbose true, daemonized true/)
    await untilLogged(/argv \[.*"--detached".*"--verbose","--","--port","80"\]/)
    const [pid] = readFileSync(join(place.sandbox.dir, 'my.pid'), 'utf8').split('\n')
    expect((await call('-d')).stdout).toMatch(`own-file is already running, pid ${pid}.`)
    expect(await cli('restart', 'own-file')).toMatchObject({
      code: 0,
      stdout: `own-file has restarted, pid ${pid}.\n`,
    })
    await untilLogged(/verbose true, daemonized true/, 2)
    expect(readFileSync(join(place.sandbox.dir, 'my.pid'), 'utf8').split('\n')[0]).toBe(pid)
    expect(await cli('stop', 'own-file')).toMatchObject({ code: 0 })
    expect(existsSync(join(place.sandbox.dir, 'my.pid'))).toBe(false)
  })

  test('runs under sd-cli, too', async () => {
    expect(await cli('start', fixture('own-file.ts'))).toMatchObject({ code: 0 })
    expect(await cli('stop', fixture('own-file.ts'))).toMatchObject({ code: 0 })
    expect(log()).toMatch(/stdout +stopped by signal/)
  })

  test('-H shows help that begins with examples', async () => {
    const { code, stdout, stderr } = await call('-H')
    expect(stdout).toMatch(/^Examples:\n {2}node own-file\.ts +runs in the foreground\n/)
    for (const name of [
      '-p, --pid-file STRING',
      '--recoverworkers',
      '--debugworkers',
      '--verbose',
      '-I STRING',
      '-i',
    ]) {
      expect(stdout).toContain(name)
    }
    expect(stdout).not.toContain('--detached')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect((await cli('run', '-H')).stdout).toMatch(/^Examples:/)
    expect((await call('--install')).stderr).toMatch(/^Error: --install goes with -I TEMPLATE/)
    const wrong = await call('--b')
    expect(wrong.code).toBe(2)
  })

  test('-i prints how to install it, and -I a service definition', async () => {
    expect((await call('-i')).stdout).toBe('1. Make a coffee.\n2. Drink it.\ndid not run\n')
    expect((await cli('run', fixture('own-file.ts'), '-i')).stdout).toBe('1. Make a coffee.\n2. Drink it.\n')
    const unit = await call('-I', 'systemd')
    expect(unit.stdout).toMatch(/^\[Service\]$/m)
    expect(unit.stdout).toContain(fixture('own-file.ts'))
    expect((await cli('run', fixture('own-file.ts'), '-I', 'systemd')).stdout).toMatch(/^\[Service\]$/m)
  })

  test.each([
    ['--recoverworkers', 1, /--recoverworkers: no plugin of own-file keeps calls that could be recovered/],
    ['--verbos', 2, /There is no option "verbos"\. Did you mean "--verbose"\?/],
    ['--xyz', 2, /There is no option "xyz"\. What is for the daemon comes after "--"/],
    ['-p', 2, /-p.*argument missing/],
  ])('says what is wrong with %s', async (word, code, message) => {
    const result = await call(word)
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
  })
})
