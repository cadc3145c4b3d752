import type { Json } from '@sd/core'
import type { IniValue } from './ini-value.ts'

/**
 * Reads a setting at any depth, also one outside any section; undefined when it is not there.
 * Works on `daemon.ini`, on what {@link parseIni} returns, and on `this.daemon('ini')` in a worker.
 *
 * @param settings - where to begin.
 * @param path - one name per level.
 * @example
 * ```ts
 * const host = readSetting(daemon.ini, 'database', 'primary', 'host')   // [database.primary] host = ...
 * const debug = readSetting(daemon.ini, 'debug')                        // a key before the first section
 * ```
 */
export function readSetting(settings: Json, ...path: readonly string[]): IniValue | undefined {
  let value: unknown = settings
  for (const name of path) {
    // Own properties only: after its way to a worker an object has a prototype again.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value as IniValue | undefined
}
