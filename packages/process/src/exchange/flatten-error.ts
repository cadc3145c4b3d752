import { inspect, types } from 'node:util'
import { decodeMessage, encodeMessage } from '../channel/message-codec.ts'
import type { FlatError } from './flat-error.ts'

/** How many causes deep an error is carried: a cycle of causes must end somewhere. */
const DEEPEST = 8

/** Errors that are carried, with all that they gather and were caused by. */
const MOST_ERRORS = 20_000

/** Characters of a message, and of a stack. */
const LONGEST_TEXT = 1024 * 1024

/** Characters of each text that is left of an error for which there is no more room. */
const SHORTEST_TEXT = 1000

/** Bytes of all facts and texts together, so that an error can always be sent. */
const ROOM = 16 * 1024 * 1024

/** Of a value in text. */
const SHOWN = { depth: 2, maxArrayLength: 20, maxStringLength: 1000, breakLength: 120 } as const
const LONGEST_SHOWN = 4000

/** These are not facts. */
const OWN_PARTS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors'])

/**
 * Takes an error apart. What was thrown without being an Error becomes one, with the value as `thrown`. Never
 * throws, whatever the error's getters do, and what it returns can always be sent: what cannot be is there as text.
 */
export function flattenError(thrown: unknown): FlatError {
  return new Flattening().flatten(thrown, 0)
}

/** An error as text, as `console.error` shows it: whatever it is, and never without end. */
export function describeError(thrown: unknown): string {
  const { stack, facts } = flattenError(thrown)
  return Object.keys(facts).length === 0 ? stack : `${stack} ${describe(facts)}`
}

class Flattening {
  #room = ROOM
  #errors = 0

  flatten(thrown: unknown, depth: number): FlatError {
    this.#errors++
    if (!isError(thrown)) {
      const message = `A value that is not an Error was thrown: ${describe(thrown)}`
      return { name: 'Error', message, stack: `Error: ${message}`, facts: { thrown: this.#carry(thrown) } }
    }
    const name = this.#text(read(thrown, 'name')) ?? 'Error'
    const message = this.#text(read(thrown, 'message')) ?? 'An error was thrown that cannot be read.'
    const stack = this.#text(read(thrown, 'stack')) ?? `${name}: ${message}`
    const cause = read(thrown, 'cause')
    const errors = read(thrown, 'errors')
    return {
      name,
      message,
      stack,
      facts: this.#facts(thrown),
      ...(cause !== undefined && { cause: this.#cause(cause, depth) }),
      ...(Array.isArray(errors) && depth < DEEPEST && { errors: this.#list(errors, depth) }),
    }
  }

  #facts(error: object): Record<string, unknown> {
    const facts: Record<string, unknown> = {}
    for (const key of readKeys(error)) {
      if (OWN_PARTS.has(key) || key === '__proto__') continue
      const value = read(error, key)
      facts[key] = value === UNREADABLE ? 'A value that cannot be read.' : this.#carry(value)
    }
    // Of an aborted signal, for instance: it is nobody's own property.
    if (isDomException(error) && !('code' in facts)) facts.code = read(error, 'code')
    return facts
  }

  #cause(cause: unknown, depth: number): NonNullable<FlatError['cause']> {
    if (isError(cause) && depth < DEEPEST && this.#errors < MOST_ERRORS) return this.flatten(cause, depth + 1)
    return { value: this.#carry(cause) }
  }

  #list(errors: readonly unknown[], depth: number): FlatError[] {
    const list: FlatError[] = []
    for (const error of errors) {
      if (this.#errors >= MOST_ERRORS) break
      list.push(this.flatten(error, depth + 1))
    }
    return list
  }

  /** @returns undefined of what is no text. */
  #text(value: unknown): string | undefined {
    if (value === UNREADABLE || value === undefined) return undefined
    const text = typeof value === 'string' ? value : describe(value)
    const longest = Math.max(SHORTEST_TEXT, Math.min(LONGEST_TEXT, this.#room))
    const cut = text.length - longest
    const kept = cut > 0 ? `${text.slice(0, longest)}... (${cut} more characters)` : text
    this.#room -= kept.length
    return kept
  }

  /** A copy, which certainly can be sent; or how the value looks where it cannot be, or there is no room for it. */
  #carry(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (
      value === null ||
      (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
    )
      return value
    try {
      const { bytes } = encodeMessage(value, 0)
      if (bytes.length <= this.#room) {
        this.#room -= bytes.length
        return decodeMessage(bytes)
      }
    } catch {
      // It is shown.
    }
    return describe(value)
  }
}

/** What a getter has thrown at. */
const UNREADABLE: unique symbol = Symbol('unreadable')

function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key]
  } catch {
    return UNREADABLE
  }
}

function readKeys(object: object): string[] {
  try {
    return Object.keys(object)
  } catch {
    return []
  }
}

/** Also true for errors of another realm (`vm`). */
function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error || isDomException(value)
  } catch {
    // A proxy may throw when it is asked what it is.
    return false
  }
}

function isDomException(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object DOMException]'
}

function describe(value: unknown): string {
  try {
    return inspect(value, SHOWN).slice(0, LONGEST_SHOWN)
  } catch {
    return 'A value that cannot be shown.'
  }
}
