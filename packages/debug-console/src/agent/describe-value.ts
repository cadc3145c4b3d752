import type { Runtime } from 'node:inspector'
import type { Session } from 'node:inspector/promises'

/** Characters of one value that are shown. */
const LONGEST = 8000

/** Runs in the debugged process. It runs nothing of the user's: no getters, no `[util.inspect.custom]`. */
const INSPECT = `(value, depth, items) => process.getBuiltinModule('node:util').inspect(value, {
  depth, maxArrayLength: items, maxStringLength: 4000, customInspect: false, compact: 3, breakLength: 100,
})`

const INSPECT_THIS = `function (depth, items) {
  'use strict'
  return (${INSPECT})(this, depth, items)
}`

const INSPECT_ITEM = `function (depth, items) { return (${INSPECT})(this[0], depth, items) }`

/** What has no value yet, or none any more, is left out. */
const INSPECT_ALL = `function (depth, items) {
  return Object.getOwnPropertyNames(this).flatMap((name) => {
    try {
      return [[name, (${INSPECT})(this[name], depth, items)]]
    } catch {
      return []
    }
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
  amount: Amount,
): Promise<string> {
  if (value.objectId === undefined) return shorten(describePlain(value))
  const text = await inspect(session, value.objectId, INSPECT_THIS, amount)
  return shorten(typeof text === 'string' ? text : (value.description ?? value.type))
}

/** The value in an array of one, which stays in the debugged process, however large it is. */
export async function describeItem(
  session: Session,
  array: Runtime.RemoteObject,
  amount: Amount,
): Promise<string> {
  const text = await inspect(session, array.objectId!, INSPECT_ITEM, amount)
  return shorten(typeof text === 'string' ? text : '(cannot be shown)')
}

/** The variables of a scope, each as text. */
export async function describeScope(
  session: Session,
  scope: Runtime.RemoteObject,
  amount: Amount,
): Promise<[name: string, text: string][]> {
  const texts = await inspect(session, scope.objectId!, INSPECT_ALL, amount)
  if (!Array.isArray(texts)) return []
  return (texts as [string, string][]).map(([name, text]) => [name, shorten(text)])
}

/** @returns undefined where it cannot be done. */
async function inspect(
  session: Session,
  objectId: string,
  functionDeclaration: string,
  { depth, items }: Amount,
): Promise<unknown> {
  const { result, exceptionDetails } = await session.post('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration,
    arguments: [{ value: depth }, { value: items }],
    returnByValue: true,
    silent: true,
  })
  return exceptionDetails ? undefined : result.value
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
