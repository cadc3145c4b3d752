import { inspect } from 'node:util'

/** What is longer is shown by its beginning. */
const MOST_ITEMS = 10_000
const LONGEST_TEXT = 1_000_000

/** Of a value in one line: enough for a wide terminal. */
const SHORT = { items: 20, text: 200, depth: 3 }

/** A value as Node shows it, in as many lines as it takes. */
export function formatValue(value: unknown, columns: number | undefined): string {
  return inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: MOST_ITEMS,
    maxStringLength: LONGEST_TEXT,
    breakLength: columns ?? 120,
  })
}

/** The beginning of a value, in one line. */
export function formatShortValue(value: unknown): string {
  const text = inspect(value, {
    depth: SHORT.depth,
    maxArrayLength: SHORT.items,
    maxStringLength: SHORT.text,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
  })
  // An error has lines nevertheless.
  return text.replaceAll(/\s*\n\s*/g, ' ')
}

/** A value for JSON: as it is where JSON can carry it, else `text` as Node shows it. */
export function valueAsJson(value: unknown): { value: unknown } | { text: string } {
  return isJson(value, new Set()) ? { value } : { text: formatValue(value, undefined) }
}

function isJson(value: unknown, within: Set<object>): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || within.has(value)) return false
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain) return false
  within.add(value)
  // `length` is what a list with holes has more of.
  const items = Array.isArray(value) ? Array.from(value) : Object.values(value)
  const isFine = items.every((item) => isJson(item, within))
  within.delete(value)
  return isFine
}
