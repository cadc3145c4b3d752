import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PluginInstance } from '@sd/core'
import { type IniSettings, type IniValue, ini, readSetting } from '@sd/ini'
import { createFakeHost } from './fake-host.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sd-ini-'))
  file = join(folder, 'settings.ini')
})

afterEach(() => rmSync(folder, { recursive: true }))

const text = `
debug = on
[signals]
limit = 5
names[] = a
names[] = b
[mysql]
user = ada
password = "s3cret"
[mysql.pool]
size = 4
`

/** A plugin in a fake daemon, started. */
async function start(content: string = text) {
  writeFileSync(file, content)
  const { host, shareChanges } = createFakeHost()
  const instance = ini({ file, requiredSections: ['signals'] }).create(host)
  expect(await instance.checkEnvironment?.()).toEqual([])
  await instance.setup?.()
  return { instance, settings: instance.service, shareChanges }
}

/** The one complaint of checkEnvironment, after making sure that setup throws the same. */
async function complaintOf(options: Parameters<typeof ini>[0]): Promise<{ message: string; error: unknown }> {
  const instance: PluginInstance<unknown> = ini(options).create(createFakeHost().host)
  const complaints = (await instance.checkEnvironment?.()) ?? []
  const error = await Promise.resolve(instance.setup?.()).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(complaints).toEqual([(error as Error).message])
  return { message: complaints[0]!, error }
}

describe('settings', () => {
  test('are one property per section', async () => {
    const { settings } = await start()
    expect(settings.mysql?.user).toBe('ada')
    expect(settings.signals.names).toEqual(['a', 'b'])
    expect(settings.nothing?.at).toBeUndefined()
    expect(Object.keys(settings)).toEqual(['debug', 'signals', 'mysql'])
    expect('mysql' in settings).toBe(true)
    expect(Object.getPrototypeOf(settings)).toBe(null)
    expect(settings.signals).toBe(settings.signals)
    expect(JSON.parse(JSON.stringify(settings)).mysql.pool).toEqual({ size: 4 })
  })

  test('are read at any depth with readSetting', async () => {
    const { instance, settings } = await start()
    const shared = JSON.parse(JSON.stringify(instance.share?.()))
    for (const source of [settings, shared]) {
      expect(readSetting(source, 'mysql', 'pool', 'size')).toBe(4)
      expect(readSetting(source, 'debug')).toBe(true)
      expect(readSetting(source, 'signals', 'names', '1')).toBe('b')
      expect(readSetting(source, 'debug', 'deeper')).toBeUndefined()
      expect(readSetting(source, 'constructor', 'name')).toBeUndefined()
    }
  })

  test('come from a file: URL or a relative path as well', async () => {
    writeFileSync(file, '[a]\nb = 1')
    for (const given of [pathToFileURL(file), relative(process.cwd(), file)]) {
      const instance = ini({ file: given }).create(createFakeHost().host)
      await instance.setup?.()
      expect(instance.service.a?.b).toBe(1)
    }
  })

  test('sections named like members of Object are data', async () => {
    const { settings } = await start(
      '[signals]\nx = 0\n[constructor]\na = 1\n[then]\nb = 2\n[toString]\nc = 3',
    )
    expect(readSetting(settings, 'constructor', 'a')).toBe(1)
    expect(readSetting(settings, 'toString', 'c')).toBe(3)
    expect(await settings).toBe(settings)
    expect(settings.hasOwnProperty).toBeUndefined()
  })
})

describe('before setup', () => {
  function createUnloaded(): IniSettings {
    return ini({ file }).create(createFakeHost().host).service
  }

  test.each<[string, (settings: IniSettings) => unknown]>([
    ['reading', (settings) => settings.mysql?.user],
    ['asking with in', (settings) => 'mysql' in settings],
    ['asking for an own property', (settings) => Object.hasOwn(settings, 'mysql')],
    ['readSetting', (settings) => readSetting(settings, 'mysql', 'user')],
    ['assigning', (settings) => Object.assign(settings, { mysql: {} })],
    ['deleting', (settings) => delete settings.mysql],
  ])('%s is an error that names setting and file', (_, use) => {
    let error: unknown
    try {
      use(createUnloaded())
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'SD_INI_NOT_LOADED', file, key: 'mysql' })
    expect(String(error)).toContain(file)
  })

  test('awaiting, printing and serialising do no harm', async () => {
    const settings = createUnloaded()
    expect(await settings).toBe(settings)
    expect(inspect(settings)).toBe('[Object: null prototype] {}')
    expect(inspect(settings, { showProxy: true })).toContain('Proxy')
    expect(JSON.stringify({ settings })).toBe('{"settings":{}}')
    expect(Object.keys(settings)).toEqual([])
    expect(Reflect.get(settings, Symbol.toStringTag)).toBeUndefined()
  })

  test('creating the plugin touches no file, and share and inspect have an answer', () => {
    const instance = ini({ file: '/nowhere/at/all.ini' }).create(createFakeHost().host)
    expect(JSON.stringify(instance.share?.())).toBe('{}')
    expect(instance.inspect?.()).toMatchObject({ file: '/nowhere/at/all.ini', loaded: false })
  })
})

describe('overrides', () => {
  test('are plain assignments at any depth, seen by workers and told to the daemon', async () => {
    const { instance, settings, shareChanges } = await start()
    expect(shareChanges()).toBe(1)
    settings.signals.x = 12
    settings.cache = { ttl: 60, hosts: ['a', { b: null }] }
    const pool = settings.mysql?.pool as Record<string, IniValue>
    pool.size = 8
    expect(shareChanges()).toBe(4)
    expect(settings.signals.x).toBe(12)
    expect(JSON.parse(JSON.stringify(instance.share?.()))).toEqual({
      debug: true,
      signals: { limit: 5, names: ['a', 'b'], x: 12 },
      mysql: { user: 'ada', password: 's3cret', pool: { size: 8 } },
      cache: { ttl: 60, hosts: ['a', { b: null }] },
    })
  })

  test('never reach the file', async () => {
    const { instance, settings } = await start()
    settings.signals.limit = 6
    await instance.setup?.()
    expect(settings.signals.limit).toBe(5)
  })

  test('may remove a setting', async () => {
    const { settings, shareChanges } = await start()
    delete settings.signals.limit
    delete settings.mysql
    delete settings.nothing
    expect(shareChanges()).toBe(3)
    expect(settings.signals.limit).toBeUndefined()
    expect(settings.mysql).toBeUndefined()
  })

  test('work on lists as on any array', async () => {
    const { instance, settings, shareChanges } = await start()
    const names = settings.signals.names as IniValue[]
    names.push('c', 'd')
    names.shift()
    names.unshift('x', 'y')
    names.reverse()
    expect(names).toEqual(['d', 'c', 'b', 'y', 'x'])
    names.splice(1, 3)
    names.sort()
    expect(names).toEqual(['d', 'x'])
    names.length = 0
    names[1] = 'late'
    expect(shareChanges()).toBeGreaterThan(5)
    expect(readSetting(instance.share?.() ?? null, 'signals', 'names')).toEqual([null, 'late'])
    expect(Object.getPrototypeOf(Array.prototype)).toBe(Object.prototype)
  })

  test('that change nothing are not told', async () => {
    const { settings, shareChanges } = await start()
    settings.signals.limit = 5
    expect(shareChanges()).toBe(1)
  })

  test('are copies: the object that was assigned stays its own', async () => {
    const { settings } = await start()
    const mine = { deep: { a: 1 } }
    settings.mine = mine
    mine.deep.a = 2
    expect(readSetting(settings, 'mine', 'deep', 'a')).toBe(1)
    settings.copy = settings.mine
    settings.copy.more = true
    expect(settings.mine).not.toHaveProperty('more')
  })

  test.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /undefined is not a setting.*`delete`/],
    ['NaN', Number.NaN, /NaN is not a setting/],
    ['Infinity', Number.POSITIVE_INFINITY, /Infinity/],
    ['a bigint', 1n, /is not a setting/],
    ['a function', () => 1, /a function is not a setting/],
    ['a date', new Date(), /an instance of Date is not a setting/],
    ['a map', new Map(), /an instance of Map is not a setting/],
    ['something wrong inside', { a: [1, { b: undefined }] }, /ini\.signals\.x\.a\.1\.b cannot be overridden/],
    ['an own __proto__', JSON.parse('{"a":{"__proto__":{}}}'), /"__proto__" is refused/],
  ])('refuse %s, naming the path', async (_, value, message) => {
    const { settings, shareChanges } = await start()
    const assign = () => {
      settings.signals.x = value as IniValue
    }
    expect(assign).toThrow(message)
    expect(assign).toThrow(expect.objectContaining({ code: 'SD_INI_OVERRIDE' }))
    expect(settings.signals).not.toHaveProperty('x')
    expect(shareChanges()).toBe(1)
  })

  test('refuse what contains itself', async () => {
    const { settings } = await start()
    const loop: Record<string, IniValue> = {}
    loop.again = [loop, loop]
    expect(() => {
      settings.signals.x = loop
    }).toThrow(/contains itself/)
  })

  test.each<[string, (settings: IniSettings<'signals'>) => unknown]>([
    ['__proto__ at the top', (settings) => Reflect.set(settings, '__proto__', { polluted: 1 })],
    ['__proto__ in a section', (settings) => Reflect.set(settings.signals, '__proto__', { polluted: 1 })],
    ['__proto__ of a list', (settings) => Reflect.set(settings.signals.names as object, '__proto__', {})],
    ['a symbol', (settings) => Reflect.set(settings, Symbol('s'), 1)],
    ['a named item of a list', (settings) => Object.assign(settings.signals.names as object, { name: 1 })],
    ['a defined property', (settings) => Object.defineProperty(settings.signals, 'a', { get: () => 1 })],
    ['a new prototype', (settings) => Object.setPrototypeOf(settings.signals, {})],
    ['freezing', (settings) => Object.freeze(settings)],
  ])('refuse %s', async (_, use) => {
    const { settings } = await start()
    expect(() => use(settings)).toThrow(expect.objectContaining({ code: 'SD_INI_OVERRIDE' }))
    expect({}).not.toHaveProperty('polluted')
    expect([]).not.toHaveProperty('polluted')
  })
})

describe('what the plugin shows', () => {
  test('share is a copy that serialises and follows nobody', async () => {
    const { instance, settings } = await start()
    const shared = instance.share?.() ?? null
    expect(serialize(shared).length).toBeGreaterThan(0)
    settings.signals.limit = 6
    expect(readSetting(shared, 'signals', 'limit')).toBe(5)
  })

  test('inspect tells names of sections and numbers of keys, never a value', async () => {
    const { instance } = await start()
    expect(JSON.parse(JSON.stringify(instance.inspect?.()))).toEqual({
      file,
      loaded: true,
      sections: { signals: 2, mysql: 3 },
      keysOutsideSections: 1,
    })
    expect(inspect(instance.inspect?.(), { depth: null })).not.toMatch(/s3cret|ada/)
  })
})

describe('trouble with the file is reported by checkEnvironment and thrown by setup:', () => {
  test('a missing file, with its absolute path', async () => {
    const { message, error } = await complaintOf({ file: relative(process.cwd(), file) })
    expect(error).toMatchObject({ code: 'SD_INI_FILE', file, cause: { code: 'ENOENT' } })
    expect(message).toBe(
      `The settings file ${file} does not exist. Create it, or correct the option "file" of ini().`,
    )
  })

  test('a file where a directory should be on the way', async () => {
    writeFileSync(file, '')
    const { message } = await complaintOf({ file: join(file, 'x.ini') })
    expect(message).toContain('does not exist')
  })

  test('a directory', async () => {
    mkdirSync(file)
    const { message, error } = await complaintOf({ file })
    expect(error).toMatchObject({ code: 'SD_INI_FILE' })
    expect(message).toContain(`${file} is a directory`)
  })

  test('a pipe, which could block for ever', async () => {
    execFileSync('mkfifo', [file])
    expect((await complaintOf({ file })).message).toContain('not a regular file')
  })

  test('a file that may not be read', async () => {
    writeFileSync(file, '')
    chmodSync(file, 0)
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      // As nobody, root's temporary directory is closed already: the same EACCES.
      const { message } = await complaintOf({ file })
      expect(message).toMatch(/may not be read by this process\. Let user id \d+ read it/)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  test('a path that no file can have', async () => {
    const { message } = await complaintOf({ file: 'a\0b' })
    expect(message).toContain('cannot be read')
  })

  test('text that is not UTF-8', async () => {
    writeFileSync(file, Buffer.from('[a]\nname = J\xfcrgen', 'latin1'))
    expect((await complaintOf({ file })).message).toContain('is not UTF-8 text')
    writeFileSync(file, Buffer.from('[a]\nb = 1', 'utf16le'))
    expect((await complaintOf({ file })).message).toContain('Save the file as UTF-8')
  })

  test('a mistake in the text', async () => {
    writeFileSync(file, '[a]\noops')
    const { message, error } = await complaintOf({ file, requiredSections: ['b'] })
    expect(error).toMatchObject({ code: 'SD_INI_SYNTAX', file, line: 2 })
    expect(message).toContain(`${file}, line 2: `)
  })

  test('sections that are missing or empty, all at once, with the nearest name', async () => {
    writeFileSync(file, 'api = 1\n[signal]\n[db]\n[db.main]\nuser = a\n[mail]\n; host =')
    const requiredSections = ['signals', 'db', 'db.main', 'db.replica', 'api', 'mail']
    const { message, error } = await complaintOf({ file, requiredSections })
    expect(error).toMatchObject({
      code: 'SD_INI_SECTIONS',
      missing: ['signals', 'db.replica', 'api', 'mail'],
    })
    expect(message).toContain(
      'lacks 4 required sections: [signals] (the file has [signal]), [db.replica], [api], [mail] (it is empty)',
    )
  })

  test('a failed setup leaves the settings unloaded', async () => {
    const instance = ini({ file }).create(createFakeHost().host)
    await expect(instance.setup?.()).rejects.toMatchObject({ code: 'SD_INI_FILE' })
    expect(() => instance.service.a).toThrow(expect.objectContaining({ code: 'SD_INI_NOT_LOADED' }))
  })
})

describe('options', () => {
  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /must be an object/],
    ['no file', {}, /"file" must be the path or file: URL of an INI file, not undefined/],
    ['an empty file', { file: '' }, /"file" must be/],
    ['another URL', { file: new URL('http://example.com/a.ini') }, /"file" must be/],
    ['a number', { file: 1 }, /"file" must be .*not 1/],
    ['a section that is no array', { file: 'a', requiredSections: 'signals' }, /must be an array of strings/],
    ['a misspelt option', { file: 'a', requiredSection: [] }, /Did you mean "requiredSections"\?/],
  ])('%s is refused at once', (_, options, message) => {
    const call = () => ini(options as Parameters<typeof ini>[0])
    expect(call).toThrow(message)
    expect(call).toThrow(expect.objectContaining({ code: 'SD_INI_OPTIONS' }))
  })
})
