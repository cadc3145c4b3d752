import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

import { fixture } from './run-cli.ts'
import { usePlace } from './use-place.ts'

// What is built is measured: `npm run build` first. In time of the processor, because a machine has other work, too.

/** Prints what a process has used when it ends. */
const METER = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stderr.write('\\ncpu ' + (user + system) / 1000 + '\\n')
})`)}`

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

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

test('help takes less than 150 ms', () => {
  expect(median(Array.from({ length: 7 }, () => measure(main, '--help')))).toBeLessThan(150)
})

test('run reaches the first iteration within 1.3 times what Node takes with the same file', () => {
  const file = fixture('first-execute.ts')
  // The first time compiles.
  measure(main, 'run', file)
  const pairs = Array.from({ length: 7 }, () => measure(main, 'run', file) / measure(file))
  expect(median(pairs)).toBeLessThan(1.3)
})
