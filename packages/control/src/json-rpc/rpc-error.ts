import { type Json, SdError, toError } from '@sd/core'
import type { RpcErrorObject } from './messages.ts'

/** The codes of JSON-RPC 2.0, section 5.1, and one of our own: the daemon refuses, `data.code` says why. */
export const rpcCodes = Object.freeze({
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
  refused: -32_000,
})

/** The SdErrors that are the client's fault. */
const CODES: Readonly<Record<string, number>> = {
  SD_CONTROL_PARAMS: rpcCodes.invalidParams,
  SD_CONTROL_UNKNOWN_METHOD: rpcCodes.methodNotFound,
}

/** Whatever a method threw, as the client gets it. */
export function toRpcError(thrown: unknown): RpcErrorObject {
  const error = toError(thrown)
  if (!(error instanceof SdError)) return { code: rpcCodes.internalError, message: error.message }
  return {
    code: CODES[error.code] ?? rpcCodes.refused,
    message: error.message,
    data: { ...readFacts(error), code: error.code },
  }
}

/** The error's own properties that JSON can carry. */
function readFacts(error: SdError): Record<string, Json> {
  const facts: Record<string, Json> = {}
  for (const [name, value] of Object.entries(error)) {
    if (name !== 'name' && ['string', 'number', 'boolean'].includes(typeof value)) facts[name] = value as Json
  }
  return facts
}
