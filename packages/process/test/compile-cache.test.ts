import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'
import { findCompileCache } from '../src/compile-cache.ts'
import { createStage } from './managers.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

const countFiles = (directory: string): number => readdirSync(directory, { recursive: true }).length

const find = (): string | undefined => findCompileCache({ XDG_CACHE_HOME: sandbox.dir })
const place = (): string => join(sandbox.dir, 'simple-daemon')

describe('the directory for compiled code', () => {
  test('is made, for this user alone', () => {
    expect(find()).toBe(join(place(), 'compiled'))
    expect(statSync(place()).mode & 0o777).toBe(0o700)
    expect(statSync(join(place(), 'compiled')).mode & 0o777).toBe(0o700)
    expect(find()).toBe(join(place(), 'compiled'))
  })

  test.each(['simple-daemon', 'simple-daemon/compiled'])(
    'is not used when others may write to %s',
    (name) => {
      mkdirSync(join(place(), 'compiled'), { recursive: true, mode: 0o700 })
      chmodSync(join(sandbox.dir, name), 0o777)
      expect(find()).toBeUndefined()
    },
  )

  const asRoot = process.getuid!() === 0 ? test : test.skip
  asRoot('is not used below the directory of another user', () => {
    mkdirSync(place(), { mode: 0o700 })
    chownSync(place(), 12345, 12345)
    expect(find()).toBeUndefined()
  })

  test('is not used through a link into a place of others', () => {
    const open = join(sandbox.dir, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    symlinkSync(open, place())
    expect(find()).toBeUndefined()
  })

  test('is done without when it cannot be made', () => {
    writeFileSync(place(), 'a file')
    expect(find()).toBeUndefined()
  })
})

describe('a child', () => {
  const { NODE_COMPILE_CACHE } = process.env
  beforeEach(() => {
    delete process.env.NODE_COMPILE_CACHE
  })
  afterEach(() => {
    if (NODE_COMPILE_CACHE !== undefined) process.env.NODE_COMPILE_CACHE = NODE_COMPILE_CACHE
  })

  const compiled = (): string => join(sandbox.dir, 'compiled-code')

  /** The environment that a child sees, whose code goes to a directory of the test's. */
  async function introduce(env: Record<string, string>): Promise<Record<string, string>> {
    const stage = createStage({ compileCache: compiled() })
    const seen = Promise.withResolvers<{ env: Record<string, string> }>()
    const child = stage.manager.spawn(
      stage.spec('introduce', {
        env: { ...stage.sandbox.env, ...env },
        onMessage: (it) => seen.resolve(it as never),
      }),
    )
    const { env: found } = await seen.promise
    await child.drain()
    await stage.clear()
    return found
  }

  test('has its code kept, and nothing of it in its environment', async () => {
    expect(await introduce({})).not.toHaveProperty('NODE_COMPILE_CACHE')
    expect(readdirSync(compiled())).toHaveLength(1)
  })

  test('has it kept before its end, too, because it may be killed', async () => {
    const stage = createStage({ compileCache: compiled() })
    const child = stage.manager.spawn(stage.spec('echo'))
    await child.ready
    await waitUntil(() => existsSync(compiled()) && countFiles(compiled()) > 5, 'the code is kept', 10_000)
    expect(child.state).toBe('ready')
    await stage.clear()
  })

  test.each([
    ['NODE_DISABLE_COMPILE_CACHE', '1'],
    ['NODE_V8_COVERAGE', 'coverage'],
  ])('has none kept with %s', async (name, value) => {
    const given = name === 'NODE_V8_COVERAGE' ? join(sandbox.dir, value) : value
    expect(await introduce({ [name]: given })).toHaveProperty(name, given)
    expect(existsSync(compiled())).toBe(false)
  })

  test('has it kept where the user says', async () => {
    const own = join(sandbox.dir, 'own')
    expect(await introduce({ NODE_COMPILE_CACHE: own })).toHaveProperty('NODE_COMPILE_CACHE', own)
    expect(readdirSync(own)).toHaveLength(1)
    expect(existsSync(compiled())).toBe(false)
  })
})
