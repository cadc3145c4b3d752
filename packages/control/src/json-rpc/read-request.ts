import type { Json } from '@sd/core'
import { type ExactNumber, errorResponse, type Request, type RequestId, type Response } from './messages.ts'
import { rpcCodes } from './rpc-error.ts'

/** How many requests one batch may have. */
const LARGEST_BATCH = 100

/** What a line turned out to be: requests, and the answers to what is none. */
export interface ReadLine {
  readonly isBatch: boolean
  readonly items: readonly (Request | Response)[]
}

/** Reads a line as JSON-RPC 2.0, sections 4 and 6, has it. */
export function readLine(line: string): ReadLine {
  // By request: the ids that a client would not know again, because JavaScript writes their numbers in another way.
  const exactIds = new Map<unknown, ExactNumber>()
  let parsed: Json
  try {
    // Looking at each value takes ten times as long.
    parsed = UNUSUAL_ID.test(line) ? parseWithIds(line, exactIds) : (JSON.parse(line) as Json)
  } catch (thrown) {
    const message = `Parse error: this is no JSON (${(thrown as Error).message}).`
    return single(errorResponse(null, { code: rpcCodes.parseError, message }))
  }
  const read = (value: Json): Request | Response => readRequest(value, exactIds.get(value))
  if (!Array.isArray(parsed)) return single(read(parsed))
  if (parsed.length === 0) return single(refuse(null, 'an empty batch'))
  if (parsed.length > LARGEST_BATCH) {
    return single(refuse(null, `a batch of ${parsed.length} requests: at most ${LARGEST_BATCH} may be`))
  }
  return { isBatch: true, items: (parsed as readonly Json[]).map(read) }
}

/** A number as id that JavaScript may write in another way. */
const UNUSUAL_ID = /"id"\s*:\s*-?(?!(?:0|[1-9]\d{0,14})\s*[,}])\d|"id"\s*:\s*-0/

/** The types of TypeScript do not have it yet. */
const json = JSON as unknown as {
  rawJSON(text: string): ExactNumber
  isRawJSON(value: unknown): boolean
  parse(
    text: string,
    revive: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
}

/** @param exactIds - gets the ids that JavaScript would write in another way, by the object that has them. */
function parseWithIds(line: string, exactIds: Map<unknown, ExactNumber>): Json {
  return json.parse(line, function (key, value, { source }) {
    const isChanged = key === 'id' && typeof value === 'number' && source !== JSON.stringify(value)
    if (isChanged) exactIds.set(this, json.rawJSON(source!))
    return value
  }) as Json
}

/** Whether a request was read, and not what is wrong with it. */
export function isRequest(item: Request | Response): item is Request {
  return 'method' in item
}

function single(item: Request | Response): ReadLine {
  return { isBatch: false, items: [item] }
}

/** @param exactId - its id, where JavaScript cannot hold it. */
function readRequest(value: Json, exactId?: ExactNumber): Request | Response {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(null, 'a request must be an object')
  }
  const given = value as { readonly [key: string]: Json | undefined }
  const { jsonrpc, method, params } = given
  const id = exactId ?? given.id
  if (!isId(id)) return refuse(null, 'the id must be a string, a number or null')
  const known = id === undefined ? null : id
  if (jsonrpc !== '2.0') return refuse(known, '"jsonrpc" must be "2.0"')
  if (typeof method !== 'string') return refuse(known, '"method" must be a string')
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return refuse(known, '"params" must be an object or an array')
  }
  return (exactId ? { ...given, id: exactId } : given) as unknown as Request
}

function isId(id: Json | ExactNumber | undefined): id is RequestId | undefined {
  return (
    id === undefined || id === null || typeof id === 'string' || typeof id === 'number' || json.isRawJSON(id)
  )
}

function refuse(id: RequestId, problem: string): Response {
  return errorResponse(id, { code: rpcCodes.invalidRequest, message: `Invalid request: ${problem}.` })
}
