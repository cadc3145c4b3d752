import { SdError } from '@sd/core'
import { checkKey, copyOverride, copyPlainMap, refuseOverride } from './copy-value.ts'
import type { IniMap, IniSettings, IniValue } from './ini-value.ts'

/** The settings of one daemon: what users get, and what the plugin does with them. */
export interface SettingsStore {
  /** What users get as `daemon.ini`. */
  readonly settings: IniSettings
  /** Whether the file has been read. */
  isLoaded(): boolean
  /** Takes over what was read from the file. */
  load(values: IniMap): void
  /** A copy of the settings with all overrides; empty before the file is loaded. */
  snapshot(): IniMap
}

/**
 * Asked by `await`, `JSON.stringify` and printers of any object they meet: no answer is the right answer,
 * an error would break code that never meant to read a setting.
 */
const probes: readonly (string | symbol)[] = ['then', 'toJSON', 'constructor', '$$typeof', 'asymmetricMatch']

/**
 * Makes the settings object: a Proxy, so that a plain assignment anywhere inside is checked and heard of.
 *
 * @param file - where the settings come from, for messages.
 * @param onOverride - called after each change of a setting.
 * @param name - what the daemon calls them, for messages.
 */
export function createSettings(file: string, onOverride: () => void, name = 'ini'): SettingsStore {
  const root: IniMap = Object.create(null)
  const views = new WeakMap<object, object>()
  let loaded = false

  // The same proxy for the same object: `daemon.ini.a === daemon.ini.a`.
  function viewOf<T extends object>(target: T, path: string, handler = handlerAt(path)): T {
    const view = views.get(target) ?? new Proxy(target, handler)
    views.set(target, view)
    return view as T
  }

  function handlerAt(path: string): ProxyHandler<object> {
    return {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        // Own properties only: what an array inherits is not a setting.
        const isNested = typeof value === 'object' && value !== null && Object.hasOwn(target, key)
        return isNested ? viewOf(value, `${path}.${String(key)}`) : value
      },
      set(target, key, value) {
        checkKey(key, path)
        const at = `${path}.${key}`
        if (Array.isArray(target) && !isArrayKey(key)) refuseOverride(at, 'an array has numbered items only')
        const copy = copyOverride(value, at)
        if (Object.hasOwn(target, key) && Object.is(Reflect.get(target, key), copy)) return true
        const isSet = Reflect.set(target, key, copy)
        onOverride()
        return isSet
      },
      deleteProperty(target, key) {
        const wasThere = Object.hasOwn(target, key)
        const isDeleted = Reflect.deleteProperty(target, key)
        if (wasThere && isDeleted) onOverride()
        return isDeleted
      },
      // These would change settings past the check, or forbid to change them.
      defineProperty: (_, key) => refuseOverride(`${path}.${String(key)}`, 'a property cannot be defined'),
      setPrototypeOf: () => refuseOverride(path, 'a prototype cannot be set'),
      preventExtensions: () => refuseOverride(path, 'settings cannot be frozen'),
    }
  }

  function expectLoaded(key: string | symbol): void {
    if (loaded || typeof key === 'symbol' || probes.includes(key)) return
    const message =
      `${name}.${key} was used before ${file} was loaded. Settings are there from the plugins' setup on: use them ` +
      `in setup(), execute() or later. In a worker process, read them with this.daemon('${name}').`
    throw new SdError('SD_INI_NOT_LOADED', message, { file, key })
  }

  // Enumerating before the load finds nothing instead of throwing: that is what loggers and consoles do.
  const inner = handlerAt(name)
  const settings = viewOf(root, name, {
    ...inner,
    get(target, key, receiver) {
      expectLoaded(key)
      return inner.get!(target, key, receiver)
    },
    has(target, key) {
      expectLoaded(key)
      return Reflect.has(target, key)
    },
    getOwnPropertyDescriptor(target, key) {
      expectLoaded(key)
      return Reflect.getOwnPropertyDescriptor(target, key)
    },
    set(target, key, value, receiver) {
      expectLoaded(key)
      return inner.set!(target, key, value, receiver)
    },
    deleteProperty(target, key) {
      expectLoaded(key)
      return inner.deleteProperty!(target, key)
    },
  })

  return {
    settings: settings as IniSettings,
    isLoaded: () => loaded,
    load(values) {
      for (const key of Object.keys(root)) delete root[key]
      for (const [key, value] of Object.entries<IniValue>(values)) root[key] = value
      loaded = true
    },
    snapshot: () => copyPlainMap(root),
  }
}

function isArrayKey(key: string): boolean {
  return key === 'length' || /^(0|[1-9]\d{0,8})$/.test(key)
}
