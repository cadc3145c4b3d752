import { mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

interface Esbuild {
  build(options: object): Promise<unknown>
}

/** The one that builds the packages. */
const esbuild = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild') as Esbuild
const packages = fileURLToPath(new URL('../../', import.meta.url))
let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

/** Makes one file of the daemon that has workers and tasks. */
async function bundle(options: object): Promise<string> {
  const outfile = join(sandbox.dir, 'daemon.mjs')
  const entryPoints = [fileURLToPath(new URL('./fixtures/nested.ts', import.meta.url))]
  await esbuild.build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@sd/source'],
    logLevel: 'silent',
    ...options,
  })
  return outfile
}

test('a bundle with Simple Daemon left out of it runs workers and tasks', async () => {
  mkdirSync(join(sandbox.dir, 'node_modules', '@sd'), { recursive: true })
  for (const name of ['core', 'workers', 'tasks']) {
    symlinkSync(join(packages, name), join(sandbox.dir, 'node_modules', '@sd', name))
  }
  const daemon = runFixture(await bundle({ external: ['@sd/*'] }), { env: sandbox.env })
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  expect(daemon.lines).toContain('in the daemon: returned 2,returned 4,returned 6')
})

test('a bundle with Simple Daemon in it does not start, and says how it would', async () => {
  const banner = {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  }
  const daemon = runFixture(await bundle({ banner }), { env: sandbox.env })
  expect(await daemon.exit).toMatchObject({ code: 1 })
  const lines = daemon.lines.filter((line) => line.includes('--external:@sd/*'))
  expect(lines.join()).toMatch(/@sd\/workers[\s\S]*@sd\/tasks/)
})
