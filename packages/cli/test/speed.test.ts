import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

import { fixture } from './run-cli.ts'
import { usePlace } from './use-place.ts'

// What is built is measured: `npm run build` first. In time of the processor, and the least of several: a machine has
// other work, too. docs/performance.md has the numbers of a quiet one.

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

// By JavaScript the promise is 1.3, too; what is more here is what the meter and a busy machine may add.
test.each([
  ['TypeScript', 'first-execute.ts', 1.3],
  ['JavaScript', 'first-execute.js', 1.5],
])('run reaches the first iteration hardly later than Node alone, with a daemon in %s', (_, name, most) => {
  const file = fixture(name)
  // The first time compiles.
  measure(main, 'run', file)
  expect(least(() => measure(main, 'run', file)) / least(() => measure(file))).toBeLessThan(most)
})
