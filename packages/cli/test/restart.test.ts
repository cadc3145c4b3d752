import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { runFixture, waitUntil } from '@sd/testing'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

/** As many as the contract has, or enough to see something grow. */
const RESTARTS = process.env.SD_SOAK ? 50 : 5

const place = usePlaces()
const { test } = place

const cli = (...words: string[]) => runCli(place, words)

const WORKERS = ['sd busy-worker: jobs #1', 'sd busy-worker: jobs #2']

/** The child processes of a daemon, as they are called once they are ready. */
function children(pid: number): string[] {
  const own = place.sandbox.processes().filter(({ ppid }) => ppid === pid)
  return own.map(({ command }) => command).sort()
}

interface Resources {
  readonly descriptors: number
  readonly timers: number
  readonly rss: number
}

describe('restarts', () => {
  test(
    `${RESTARTS} in a row lose no call, and let nothing grow`,
    async () => {
      const file = join(place.sandbox.dir, 'busy.log')
      const moved = `${file}.1`
      const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
      const tell = <T>(pattern: RegExp) =>
        [...(read(moved) + read(file)).matchAll(pattern)].map(([, json]) => JSON.parse(json!) as T)
      const resources = () => tell<Resources>(/ has (\{.*\})/g)
      const started = await cli('start', fixture('busy-worker.ts'), file, '--json')
      const { pid } = started.json<{ pid: number }>()
      const rotated = Math.ceil(RESTARTS / 2)
      for (let n = 0; n <= RESTARTS; n++) {
        if (n > 0) {
          const restarted = await cli('restart', 'busy-worker', '--json')
          expect(restarted.json()).toEqual({ name: 'busy-worker', pid, restarts: n })
        }
        await waitUntil(() => resources().length === n + 1, 'it has told what it has', 20_000)
        await waitUntil(() => children(pid).join() === WORKERS.join(), 'it has its workers alone', 20_000)
        if (n === rotated) renameSync(file, moved)
      }
      expect(await cli('stop', 'busy-worker')).toMatchObject({ code: 0 })

      // The log goes on under its name, and not in the file that was moved away.
      expect(read(moved).match(/Started/g)).toHaveLength(rotated + 1)
      expect(read(file).match(/Started/g)).toHaveLength(RESTARTS - rotated)
      const ends = tell<{ queued: number; settled: Record<string, number> }>(/ ends (\{.*\})/g)
      expect(ends).toHaveLength(RESTARTS + 1)
      for (const { queued, settled } of ends) {
        const { returned = 0, SD_WORKERS_SHUTDOWN: refused = 0, ...others } = settled
        expect(others).toEqual({})
        expect(returned + refused).toBe(queued)
      }
      // The first life was not restarted into: Node has a descriptor more or less there.
      const [first, last] = [resources()[1]!, resources().at(-1)!]
      expect(last.descriptors).toBeLessThanOrEqual(first.descriptors + 2)
      expect(last.timers).toBeLessThanOrEqual(first.timers + 2)
      expect(last.rss).toBeLessThan(first.rss * 1.3)
    },
    RESTARTS * 20_000,
  )

  test('into a program that cannot be loaded is refused with what is wrong, and the daemon goes on', async () => {
    const file = join(place.sandbox.dir, 'changing.mjs')
    writeFileSync(file, `export { default } from ${JSON.stringify(fixture('slow.ts'))}`)
    const { pid } = (await cli('start', file, '--json', '--', '0', '0')).json<{ pid: number }>()
    writeFileSync(file, 'this is no program')
    const { code, stderr, stdout } = await cli('restart', 'slow')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/changing\.mjs cannot be loaded: [\s\S]*SyntaxError/)
    expect((await cli('restart', 'slow', '--json')).json()).toMatchObject({
      error: { code: 'SD_CORE_PREFLIGHT' },
    })
    expect((await cli('status', 'slow', '--json')).json()).toMatchObject({
      pid,
      restarts: 0,
      state: 'running',
    })
    const log = readFileSync(join(place.logDirectory, 'slow.log'), 'utf8')
    expect(log).not.toMatch(/Restarting|Stopped/)
    expect(await cli('stop', 'slow', '--timeout', '0')).toMatchObject({ code: 0 })
  })

  describe('of a release behind a link', () => {
    const at = (...parts: string[]) => join(place.sandbox.dir, ...parts)
    const core = JSON.stringify(import.meta.resolve('@sd/core'))

    function writeRelease(release: string): void {
      mkdirSync(at(release))
      const code = `import { createDaemon } from ${core}
        const daemon = createDaemon({ name: 'linked', interval: null }).setup(() => daemon.log('runs ${release} in ' + process.cwd()))
        export default daemon`
      writeFileSync(at(release, 'linked.mjs'), code)
    }

    function point(release: string): void {
      symlinkSync(release, at('next'))
      renameSync(at('next'), at('current'))
    }

    const ways: [string, () => Parameters<typeof runCli>[2], string[], boolean][] = [
      [
        'its directory, by $PWD',
        () => ({ cwd: at('current'), env: { PWD: at('current') } }),
        ['linked.mjs'],
        true,
      ],
      ['its path', () => ({ cwd: at(), env: { PWD: at() } }), ['current/linked.mjs'], false],
      ['--cwd', () => ({ cwd: at(), env: { PWD: at() } }), ['current/linked.mjs', '--cwd', 'current'], true],
    ]
    test.each(ways)(
      'named by %s, follows it, also where the old release is gone',
      async (_, from, words, inside) => {
        for (const release of ['r1', 'r2']) writeRelease(release)
        point('r1')
        const { pid } = (await runCli(place, ['start', ...words, '--json'], from())).json<{ pid: number }>()
        point('r2')
        rmSync(at('r1'), { recursive: true })
        expect((await cli('restart', 'linked', '--json')).json()).toEqual({
          name: 'linked',
          pid,
          restarts: 1,
        })
        const log = () => readFileSync(join(place.logDirectory, 'linked.log'), 'utf8')
        // What is written to the file comes a little later.
        await waitUntil(() => (inside ? /runs r2 in .*r2/ : /runs r2 in /).test(log()), 'it runs the new one')
        // Nothing is left of it: the daemon goes on.
        rmSync(at('r2'), { recursive: true })
        expect(await cli('restart', 'linked')).toMatchObject({ code: 1 })
        expect((await cli('status', 'linked', '--json')).json()).toMatchObject({ pid, state: 'running' })
        expect(await cli('stop', at('current', 'linked.mjs'))).toMatchObject({ code: 0 })
      },
    )
  })

  test('gives arguments to a daemon that has to be started, and cannot to one that runs', async () => {
    const words = ['restart', fixture('slow.ts'), '--', '0', '0']
    expect((await cli(...words)).stdout).toMatch(/^slow runs, pid \d+/)
    const { code, stderr } = await cli(...words)
    expect(stderr).toMatch(/^Error: slow runs, and a restart in place keeps its arguments\. Stop it first/)
    expect(code).toBe(2)
    const log = readFileSync(join(place.logDirectory, 'slow.log'), 'utf8')
    expect(log.match(/Started/g)).toHaveLength(1)
    await cli('stop', 'slow', '--timeout', '0')
  })

  const run = (life: number) =>
    runFixture(cliCommand.at(-1)!, {
      args: ['run', fixture('hopeless.ts'), place.sandbox.dir, String(life)],
      env: { ...place.env, SD_SUPERVISED: '1' },
    })

  test('a fatal error within the first 10 s ends the daemon', async () => {
    const daemon = run(200)
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    expect(daemon.lines.filter((line) => /Restarting/.test(line))).toEqual([])
  })

  test('a later one restarts it, and one that fails at every start is given up', async () => {
    const daemon = run(10_300)
    expect(await daemon.exit).toEqual({ code: 1, signal: null })
    const lines = daemon.lines.join('\n')
    expect(lines.match(/Restarting in .* s after failure [123] of at most 3/g)).toHaveLength(3)
    expect(lines.match(/has failed 4 times in a row and is not restarted any more/g)).toHaveLength(1)
  })
})
