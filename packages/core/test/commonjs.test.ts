import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { createSandbox } from '@sd/testing'

const fixture = fileURLToPath(new URL('./fixtures/commonjs.cjs', import.meta.url))

const check = async (...flags: string[]): Promise<void> => {
  const sandbox = createSandbox()
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, fixture], {
    env: { ...process.env, ...sandbox.env },
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout).toContain('from CommonJS\n')
  expect(stdout.split('\n').filter((line) => /^\w+( class)?: /.test(line))).toEqual([
    'one class: true',
    'instance: true',
    'report: stop 0',
    'error: true SD_CORE_OPTIONS',
  ])
  expect(status).toBe(0)
  await sandbox.assertNothingLeft()
}

test('require() gives the same classes as import, from the sources', () => check('-C', '@sd/source'))

test('require() gives the same classes as import, from the built package', async () => {
  if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
    throw new Error('The packages are not built. Run `npm run build` first.')
  }
  await check()
})
