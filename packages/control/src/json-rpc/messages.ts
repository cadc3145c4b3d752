import type { Json } from '@sd/core'

/**
 * What identifies a request; null where it could not be read. A number that JavaScript would change (`9007199254740993`, `1.0`)
 * is kept as it was written: `JSON.stringify` writes it so.
 */
export type RequestId = string | number | null | ExactNumber

/** What `JSON.rawJSON` makes. */
export interface ExactNumber {
  readonly rawJSON: string
}

/** A request, or a notification where it has no id. */
export interface Request {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: Json
  readonly id?: RequestId
}

/** What went wrong. */
export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  /** Facts; `code` is the SdError's. */
  readonly data?: { readonly [fact: string]: Json | undefined }
}

/** The answer to a request. */
export type Response =
  | { readonly jsonrpc: '2.0'; readonly result: Json; readonly id: RequestId }
  | { readonly jsonrpc: '2.0'; readonly error: RpcErrorObject; readonly id: RequestId }

/** An answer that tells of an error. */
export function errorResponse(id: RequestId, error: RpcErrorObject): Response {
  return { jsonrpc: '2.0', error, id }
}
