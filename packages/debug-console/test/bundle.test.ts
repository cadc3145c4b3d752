/** A program that is bundled into one CommonJS file, where `import.meta.url` is undefined. */
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
let sandbox: Sandbox
let file: string

beforeEach(async () => {
  sandbox = createSandbox()
  file = join(sandbox.dir, 'daemon.cjs')
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL('./fixtures/bundled.ts', import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['@sd/source'],
    logLevel: 'silent',
  })
})

afterEach(() => sandbox.assertNothingLeft())

test('runs with a lock, and with a console that is not used', async () => {
  const daemon = runFixture(file, { env: sandbox.env })
  expect(await daemon.exit).toEqual({ code: 0, signal: null })
  expect(daemon.lines.join('\n')).toMatch(/token \d+/)
})

test('says how the console would work in it', async () => {
  const daemon = runFixture(file, { env: { ...sandbox.env, DEBUG_IT: 'yes' } })
  await daemon.exit
  expect(daemon.lines.filter((line) => line.includes('--external:@sd/*')).join()).toContain(
    '@sd/debug-console',
  )
})
