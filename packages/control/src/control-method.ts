import { type Awaitable, describe, type Json, SdError, suggestName } from '@sd/core'

/** What a method is called with: named parameters, always an object. */
export type Params = Readonly<Record<string, Json | undefined>>

/** The client that calls, as a method sees it. */
export interface ControlCaller {
  /** Aborted when the client is gone, or will ask for nothing more, and when the daemon closes the socket. */
  readonly signal: AbortSignal
  /**
   * Sends the client a notification.
   *
   * @returns false when it was dropped, because the client does not read what it gets.
   */
  notify(method: string, params: Params): boolean
  /** Resolves when the client has read what it was sent, or is gone. */
  whenReady(): Promise<void>
}

/** What a plugin, or the program, adds to the control socket. What it throws is the client's error. */
export type ControlMethod = (params: Params, caller: ControlCaller) => Awaitable<Json | undefined>

/** Says that a client has given the wrong parameters (JSON-RPC's -32602). */
export function invalidParams(message: string): SdError {
  return new SdError('SD_CONTROL_PARAMS', `Invalid params: ${message}`)
}

/** What a parameter must be, in words; undefined when it is that. */
export type ParamCheck = (value: Json) => string | undefined

/**
 * Checks parameters.
 *
 * @param known - what there may be. None of them must be there.
 * @throws SdError `SD_CONTROL_PARAMS` naming the first that is wrong.
 */
export function checkParams(params: Params, known: Readonly<Record<string, ParamCheck>>): void {
  for (const [name, value] of Object.entries(params)) {
    const check = Object.hasOwn(known, name) ? known[name] : undefined
    if (!check) throw invalidParams(`unknown parameter "${name}".${suggestName(name, Object.keys(known))}`)
    const wanted = value === undefined ? undefined : check(value)
    if (wanted !== undefined) throw invalidParams(`"${name}" must be ${wanted}, not ${describe(value)}.`)
  }
}

/** @throws SdError `SD_CONTROL_PARAMS` for positional ones: all parameters here have names. */
export function readParams(params: Json | undefined): Params {
  if (params === undefined) return {}
  if (!Array.isArray(params)) return params as Params
  if (params.length === 0) return {}
  throw invalidParams('they must be named, as in {"lines": 10}, not given in an array.')
}
