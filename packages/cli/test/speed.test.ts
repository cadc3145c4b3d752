import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

import { fixture } from './run-cli.ts'
import { usePlace } from './use-place.ts'

// What is built is measured: `npm run build` first. In time of the processor, and the least of several: a machine has
// other work, too. `npm run bench -- --full --only launch-js,launch-ts,help` measures times.

/** Prints what a process has used when it ends. */
const METER = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stderr.write('\\ncpu ' + (user + system) / 1000 + '\\n')
})`)}`

const ROUNDS = 9

const place = usePlace()

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Milliseconds of processor time. */
function measure(...args: string[]): number {
  const { XDG_CACHE_HOME: _, NODE_COMPILE_CACHE: __, ...env } = process.env
  const { stderr } = spawnSync(process.execPath, ['--import', METER, ...args], {
    encoding: 'utf8',
    env: { ...env, ...place.env, XDG_CACHE_HOME: place.sandbox.dir },
  })
  const found = /\ncpu ([\d.]+)\n$/.exec(stderr)
  if (!found) throw new Error(`It did not end in order:\n${stderr}`)
  return Number(found[1])
}

const least = (measureOnce: () => number) => Math.min(...Array.from({ length: ROUNDS }, measureOnce))

test('help takes less than 150 ms', () => {
  expect(least(() => measure(main, '--help'))).toBeLessThan(150)
})

test('run reaches the first iteration hardly later than Node alone, with a daemon in TypeScript', () => {
  const file = fixture('first-execute.ts')
  // The first time compiles.
  measure(main, 'run', file)
  expect(least(() => measure(main, 'run', file)) / least(() => measure(file))).toBeLessThan(1.3)
})

test('run loads none of the modules of Node that take long and that a start does not need', () => {
  const { stdout } = spawnSync(process.execPath, [main, 'run', fixture('loaded-modules.ts')], {
    encoding: 'utf8',
    env: { ...process.env, ...place.env },
  })
  const loaded = JSON.parse(/^\[.*\]$/m.exec(stdout)![0]) as string[]
  expect(loaded).toContain('net')
  for (const heavy of ['fs/promises', 'readline', 'crypto', 'worker_threads', 'http', 'inspector']) {
    expect(loaded).not.toContain(heavy)
  }
})
