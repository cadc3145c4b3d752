import type { Json } from '@sd/core'
import { errorResponse, type Request, type RequestId, type Response } from './messages.ts'
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
  let parsed: Json
  try {
    parsed = JSON.parse(line) as Json
  } catch (thrown) {
    const message = `Parse error: this is no JSON (${(thrown as Error).message}).`
    return single(errorResponse(null, { code: rpcCodes.parseError, message }))
  }
  if (!Array.isArray(parsed)) return single(readRequest(parsed))
  if (parsed.length === 0) return single(refuse(null, 'an empty batch'))
  if (parsed.length > LARGEST_BATCH) {
    return single(refuse(null, `a batch of ${parsed.length} requests: at most ${LARGEST_BATCH} may be`))
  }
  return { isBatch: true, items: (parsed as readonly Json[]).map(readRequest) }
}

/** Whether a request was read, and not what is wrong with it. */
export function isRequest(item: Request | Response): item is Request {
  return 'method' in item
}

function single(item: Request | Response): ReadLine {
  return { isBatch: false, items: [item] }
}

function readRequest(value: Json): Request | Response {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(null, 'a request must be an object')
  }
  const given = value as { readonly [key: string]: Json | undefined }
  const { jsonrpc, method, params, id } = given
  if (!isId(id)) return refuse(null, 'the id must be a string, a number or null')
  const known = id === undefined ? null : id
  if (jsonrpc !== '2.0') return refuse(known, '"jsonrpc" must be "2.0"')
  if (typeof method !== 'string') return refuse(known, '"method" must be a string')
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return refuse(known, '"params" must be an object or an array')
  }
  return given as unknown as Request
}

function isId(id: Json | undefined): id is RequestId | undefined {
  return id === undefined || id === null || typeof id === 'string' || typeof id === 'number'
}

function refuse(id: RequestId, problem: string): Response {
  return errorResponse(id, { code: rpcCodes.invalidRequest, message: `Invalid request: ${problem}.` })
}
