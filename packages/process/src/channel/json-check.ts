/** Beyond this many characters a string is copied faster than it is quoted. */
const LONG_TEXT = 4096
/** Beyond this many numbers structured clone is faster than their decimal digits. */
const LONG_NUMBERS = 256
/** Below so many levels nobody looks: structured clone goes deeper than a function that calls itself. */
const DEEPEST = 100
/** The objects of one message that are compared one by one, before a set takes over. */
const FEW = 16

/**
 * Decides whether JSON carries a value as faithfully as structured clone does, and faster. Refused are the
 * values that JSON knows not (`undefined`, `NaN`, `-0`, BigInt, dates, maps, binary data, functions, instances of
 * classes), arrays with holes or named members, objects that appear twice (cycles among them), and what JSON
 * would carry slowly.
 */
export class JsonCheck {
  readonly #seen: object[] = []
  #seenMany: Set<object> | undefined
  #depth = 0

  /** @param ownLevels - how many of its outermost levels are arrays made for the occasion, as `[1, [value]]`. */
  passes(value: unknown, ownLevels = 0): boolean {
    try {
      return this.#level(value, ownLevels)
    } finally {
      if (this.#seen.length > 0) this.#seen.length = 0
      this.#seenMany = undefined
      this.#depth = 0
    }
  }

  /** An array made for the occasion has no named members, and appears only once. */
  #level(value: unknown, ownLevels: number): boolean {
    if (ownLevels === 0 || !Array.isArray(value)) return this.#value(value)
    for (let index = 0; index < value.length; index++) {
      if (!this.#level(value[index], ownLevels - 1)) return false
    }
    return true
  }

  #value(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        return isJsonNumber(value)
      case 'string':
        return value.length <= LONG_TEXT
      case 'boolean':
        return true
      case 'object':
        return value === null || this.#below(value)
      default:
        return false
    }
  }

  #below(value: object): boolean {
    if (this.#depth >= DEEPEST) return false
    this.#depth++
    const passes = this.#object(value)
    this.#depth--
    return passes
  }

  #object(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Array.prototype) return Array.isArray(value) && this.#array(value)
    if ((prototype !== Object.prototype && prototype !== null) || this.#isKnown(value)) return false
    for (const key in value) {
      if (!this.#value((value as Record<string, unknown>)[key])) return false
    }
    return true
  }

  #array(array: readonly unknown[]): boolean {
    const { length } = array
    if (length > LONG_NUMBERS && typeof array[0] === 'number') return false
    if (this.#isKnown(array)) return false
    for (let index = 0; index < length; index++) if (!this.#value(array[index])) return false
    // A match of a regular expression, for one, is an array with named members.
    return length === 0 || Object.keys(array).length === length
  }

  /** Whether the object has been met before; remembers it. */
  #isKnown(object: object): boolean {
    const seen = this.#seen
    if (this.#seenMany) {
      if (this.#seenMany.has(object)) return true
      this.#seenMany.add(object)
      return false
    }
    if (seen.includes(object)) return true
    seen.push(object)
    if (seen.length === FEW) this.#seenMany = new Set(seen)
    return false
  }
}

/** Neither NaN nor infinite, for which the difference is NaN, nor -0. */
function isJsonNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0)
}
