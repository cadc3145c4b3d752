import type { Runtime } from 'node:inspector'
import type { Session } from 'node:inspector/promises'

/** Characters of one value that are shown. */
const LONGEST = 8000

/** Runs in the debugged process. It runs nothing of the user's: no getters, no `[util.inspect.custom]`. */
const INSPECT = `function (depth, items) {
  'use strict'
  return process.getBuiltinModule('node:util').inspect(this, {
    depth, maxArrayLength: items, maxStringLength: 4000, customInspect: false, compact: 3, breakLength: 100,
  })
}`

/** How much of a value to show. */
export interface Amount {
  readonly depth: number
  readonly items: number
}

/** For lists of values. */
export const A_LITTLE: Amount = { depth: 1, items: 20 }

/** For a value that was asked for. */
export const MUCH: Amount = { depth: 3, items: 100 }

/** A value of the debugged process as text. */
export async function describeValue(
  session: Session,
  value: Runtime.RemoteObject,
  { depth, items }: Amount,
): Promise<string> {
  if (value.objectId === undefined) return shorten(describePlain(value))
  const { result, exceptionDetails } = await session.post('Runtime.callFunctionOn', {
    objectId: value.objectId,
    functionDeclaration: INSPECT,
    arguments: [{ value: depth }, { value: items }],
    returnByValue: true,
    silent: true,
  })
  const text: unknown = exceptionDetails ? undefined : result.value
  return shorten(typeof text === 'string' ? text : (value.description ?? value.type))
}

function describePlain({ type, value, unserializableValue, description }: Runtime.RemoteObject): string {
  if (type === 'string') return quote(String(value))
  if (type === 'undefined') return 'undefined'
  if (unserializableValue !== undefined) return unserializableValue
  return value === undefined ? (description ?? type) : String(value)
}

function quote(text: string): string {
  const escaped = JSON.stringify(text)
  return text.includes("'") ? escaped : `'${escaped.slice(1, -1).replaceAll('\\"', '"')}'`
}

function shorten(text: string): string {
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`
}
