/** What a setting can be. */
export type IniValue = string | number | boolean | null | IniValue[] | IniMap

/** A section, or any nested group of keys. It has no prototype: a key named `constructor` is just a key. */
export interface IniMap {
  [key: string]: IniValue
}

/** The first part of a dotted section name; nothing when the names are not known to TypeScript. */
type TopLevel<Section extends string> = string extends Section
  ? never
  : Section extends `${infer Head}.${string}`
    ? Head
    : Section

/**
 * The settings, one property per section: what `daemon.ini` is. Sections named in `requiredSections` are
 * certain to be there, all others may be undefined.
 *
 * Assign to override a setting in memory; the file is never written.
 *
 * @example
 * ```ts
 * const user = daemon.ini.mysql?.user       // IniValue | undefined
 * daemon.ini.signals.limit = 12             // [signals] is a required section
 * daemon.ini.cache = { ttl: 60 }            // a section that the file does not have
 * ```
 */
export type IniSettings<Required extends string = never> = { [section: string]: IniMap | undefined } & {
  [Section in TopLevel<Required>]: IniMap
}

/** The deepest nesting of keys, sections and overrides. It keeps every walk over settings off the stack's end. */
export const deepestNesting = 32

/** Whether a setting is a section or another group of keys. */
export function isIniMap(value: unknown): value is IniMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
