import { describe, SdError } from '@sd/core'
import { deepestNesting, type IniMap, type IniValue } from './ini-value.ts'

/**
 * Copies what is assigned to a setting, and checks that it is a setting.
 * A copy, so that a later change of the caller's object is not a change that nobody hears of.
 *
 * @param path - where it is assigned, for the message.
 * @throws SdError `SD_INI_OVERRIDE` with the fact `path`.
 */
export function copyOverride(value: unknown, path: string, depth = 0): IniValue {
  if (depth > deepestNesting) {
    refuseOverride(path, `the value nests deeper than ${deepestNesting} levels or contains itself`)
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => copyOverride(item, `${path}.${index}`, depth + 1))
  }
  if (!isPlainObject(value)) refuseOverride(path, `${showKind(value)} is not a setting`)
  const copy: IniMap = Object.create(null)
  for (const [key, item] of Object.entries(value)) {
    checkKey(key, path)
    copy[key] = copyOverride(item, `${path}.${key}`, depth + 1)
  }
  return copy
}

/** A copy that can go to another process. An array's holes become null, as in JSON. */
function copyPlain(value: IniValue): IniValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value, (item) => copyPlain(item ?? null))
  return copyPlainMap(value)
}

/** As {@link copyPlain}, for a map. */
export function copyPlainMap(map: IniMap): IniMap {
  const copy: IniMap = Object.create(null)
  for (const [key, item] of Object.entries(map)) copy[key] = copyPlain(item)
  return copy
}

/** Refuses the one key that is not safe as data. */
export function checkKey(key: string | symbol, path: string): asserts key is string {
  if (typeof key === 'symbol') refuseOverride(path, `the key ${String(key)} is a symbol`)
  if (key === '__proto__') refuseOverride(path, 'the key "__proto__" is refused')
}

/** Throws `SD_INI_OVERRIDE`. */
export function refuseOverride(path: string, problem: string): never {
  const remedy =
    'Assign a string, a finite number, a boolean, null, or an array or plain object of these; remove a setting with `delete`.'
  throw new SdError('SD_INI_OVERRIDE', `${path} cannot be overridden: ${problem}. ${remedy}`, { path })
}

/** An object literal, also one from another realm, or one without prototype. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function showKind(value: unknown): string {
  if (typeof value !== 'object') return describe(value)
  return `an instance of ${value?.constructor?.name || 'a class'}`
}
