import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { fixture } from './run-cli.ts'
import { usePlace } from './use-place.ts'

// Of what is built: `npm run build` first.
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

const place = usePlace()

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
