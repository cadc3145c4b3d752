import { isHostObject } from '../channel/host-object.ts'

/** Where in a value the structured clone stumbles. */
export interface Unclonable {
  /** `args[0].options.callback` */
  readonly path: string
  /** `a function` */
  readonly what: string
}

/** How deep is looked: a path longer than this would tell nobody anything. */
const DEEPEST = 100

/**
 * Finds the part of a value that cannot be sent to another process. Called only after sending has failed.
 *
 * @returns undefined where it cannot be found. Never throws, whatever the value's getters and traps do.
 */
export function findUnclonable(value: unknown, path: string): Unclonable | undefined {
  try {
    return search(value, path, new Set())
  } catch {
    return undefined
  }
}

function search(value: unknown, path: string, seen: Set<unknown>, depth = 0): Unclonable | undefined {
  if (typeof value === 'function')
    return { path, what: value.name ? `the function ${value.name}` : 'a function' }
  if (typeof value === 'symbol') return { path, what: String(value) }
  if (typeof value !== 'object' || value === null || seen.has(value) || depth > DEEPEST) return undefined
  seen.add(value)
  for (const [part, step] of parts(value)) {
    const found = search(part, `${path}${step}`, seen, depth + 1)
    if (found) return found
  }
  return isClonable(value) ? undefined : { path, what: `a ${nameOfClass(value)}` }
}

/** What made the value: a generator has a constructor without a name. */
function nameOfClass(value: object): string {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return value.constructor?.name || (tag === 'Object' ? 'host object' : tag)
}

function parts(value: object): [unknown, string][] {
  if (ArrayBuffer.isView(value)) return []
  if (Array.isArray(value)) return value.map((item, index) => [item, `[${index}]`])
  if (value instanceof Map) {
    return [...value].flatMap(([key, item], index) => [
      [key, `.keys()[${index}]`] as [unknown, string],
      [item, `.get(${keyText(key)})`] as [unknown, string],
    ])
  }
  if (value instanceof Set) return [...value].map((item, index) => [item, `.values()[${index}]`])
  return Object.entries(value).map(([key, item]) => [item, memberText(key)])
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key)
}

function memberText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function isClonable(value: object): boolean {
  if (isHostObject(value)) return false
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
