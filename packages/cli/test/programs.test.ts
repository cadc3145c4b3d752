import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect } from '@jest/globals'
import { runFixture } from '@sd/testing'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

/** Runs `sd-cli run` until it is told to end. */
function run(file: string, ...words: string[]) {
  return runFixture(cliCommand.at(-1)!, { args: ['run', file, ...words], env: place.env })
}

describe('run', () => {
  test.each([
    'default.ts',
    'runs-itself.ts',
    'runs-later.ts',
    'class.ts',
    'promise.js',
    'promise-of-class.mjs',
    'commonjs.cjs',
    'commonjs-runs-itself.cjs',
    'compiled.cjs',
    'commonjs-in-typescript.cts',
  ])('runs %s, until Ctrl-C', async (program) => {
    const daemon = run(fixture(`programs/${program}`))
    await daemon.waitForLine(/subject +set up$/)
    await daemon.waitForLine(/Started \(every 20 ms\)/)
    daemon.kill('SIGINT')
    expect(await daemon.exit).toEqual({ code: 0, signal: null })
    expect(daemon.lines.filter((line) => line.includes('set up'))).toHaveLength(1)
  })

  test.each([
    ['missing.ts', /^Error: There is no file .*missing\.ts\./],
    ['defualt.ts', /There is no file .* Did you mean "default\.ts"\?/],
    ['.', /is a directory\. Name the daemon's file in it: class\.ts, .*default\.ts/],
    ['../programs.txt', /There is no file/],
    ['none.ts', /none\.ts.*export default daemon/],
    ['wrong.ts', /has no daemon: its default export is an object\./],
    ['named.ts', /has no daemon: "subject" is not its default export\./],
    ['two-named.ts', /has several daemons, and one process runs one\./],
    ['two-in-array.ts', /has several daemons/],
    ['two-running.ts', /has several daemons/],
    ['throws.ts', /throws\.ts cannot be loaded: TypeError: the module is broken\n +at .*throws\.ts:1:7/],
    ['wrong-options.ts', /^Error: createDaemon: option "interval" must be a number of milliseconds/],
  ])('refuses %s, and says why', async (program, message) => {
    const result = await runCli(place, ['run', fixture(`programs/${program}`)])
    expect(result.stderr).toMatch(message)
    expect(result).toMatchObject({ code: 1, stdout: '' })
    const asJson = await runCli(place, ['run', fixture(`programs/${program}`), '--json'])
    expect(asJson.json().error).toMatchObject({ code: expect.stringMatching(/^SD_(CLI|CORE)_/) })
  })

  test('shows where a file cannot be read', async () => {
    const file = join(place.sandbox.dir, 'broken.mjs')
    writeFileSync(file, 'const a = 1\nexport default = 3\n')
    const { code, stderr } = await runCli(place, ['run', file])
    expect(code).toBe(1)
    expect(stderr).toMatch(/broken\.mjs cannot be loaded: .*SyntaxError: Unexpected token '='/s)
    expect(stderr).toMatch(/broken\.mjs:2/)
  })

  test('shows the lines of the file that throws, and none of who has loaded it', async () => {
    const { stderr } = await runCli(place, ['run', fixture('programs/throws.ts')])
    const frames = stderr.split('\n').filter((line) => /^ +at /.test(line))
    expect(frames).toEqual([expect.stringMatching(/throws\.ts:1:7/)])
  })

  test('refuses what Node cannot run', async () => {
    const file = join(place.sandbox.dir, 'daemon.py')
    writeFileSync(file, '')
    const { code, stderr } = await runCli(place, ['run', file])
    expect(code).toBe(1)
    expect(stderr).toMatch(/daemon\.py is no program for Node: its name must end in \.ts, /)
  })

  test('ends with what the file throws while its daemon runs', async () => {
    const daemon = run(fixture('programs/throws-later.ts'))
    await daemon.waitForLine(/the rest of the module is broken/)
    expect(await daemon.exit).toMatchObject({ code: 1 })
  })

  test('gives the file what is meant for it', async () => {
    const daemon = run(fixture('ticker.ts'), 'a b', '--', '--port', '80', '--json')
    const [, argv] = await daemon.waitForLine(/argv (\[.*\])$/)
    expect(JSON.parse(argv!)).toEqual([fixture('ticker.ts'), 'a b', '--port', '80', '--json'])
    await daemon.waitForLine(/daemonized false, pid file .*ticker\.pid$/)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toMatchObject({ code: 0 })
  })

  test('runs a file that comes with its own copy of the packages', async () => {
    cpSync(new URL('../../core/src', import.meta.url), join(place.sandbox.dir, 'core'), { recursive: true })
    mkdirSync(join(place.sandbox.dir, 'node_modules'))
    const packages = fileURLToPath(new URL('../../core/node_modules', import.meta.url))
    symlinkSync(realpathSync(join(packages, 'mitt')), join(place.sandbox.dir, 'node_modules', 'mitt'))
    const file = join(place.sandbox.dir, 'copy.mjs')
    writeFileSync(
      file,
      `import { createDaemon } from './core/index.ts'
       await createDaemon({ name: 'copy', interval: 20, priority: 0 }).setup((d) => d.log('pid file ' + d.get('pidFile'))).run()`,
    )
    const daemon = runFixture(cliCommand.at(-1)!, { args: ['run', file], env: place.env })
    await daemon.waitForLine(/pid file .*copy\.pid/)
    const status = await runCli(place, ['status', 'copy', '--json'])
    expect(status.json()).toMatchObject({ name: 'copy', state: 'running', program: file })
    daemon.kill('SIGTERM')
    await daemon.exit
  })
})
