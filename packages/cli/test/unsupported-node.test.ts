import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const packages = fileURLToPath(new URL('../..', import.meta.url))

/** Has Node believe that it is an older one. */
const older = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
)}`

/** Files that processes begin with, or programs import. */
const ENTRIES = [
  'cli/dist/main.js',
  'cli/dist/index.js',
  'core/dist/index.js',
  'workers/dist/index.js',
  'workers/dist/worker/main.js',
  'tasks/dist/index.js',
  'tasks/dist/child/main.js',
  'process/dist/spawner/main.js',
  'control/dist/index.js',
]

test.each(ENTRIES)('on an older Node %s says one line, and ends', (entry) => {
  const file = `${packages}/${entry}`
  if (!existsSync(file)) throw new Error('The packages are not built. Run `npm run build` first.')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, file], {
    encoding: 'utf8',
  })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^[^\n]*22\.18[^\n]*20\.20\.2[^\n]*\n$/)
})
