import { type Json, SdError } from '@sd/core'

/** An object in what a daemon has answered. */
export type Facts = { readonly [key: string]: Json | undefined }

export function isFacts(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns an empty object for anything else. */
export function asFacts(value: Json | undefined): Facts {
  return isFacts(value) ? value : {}
}

/** @returns the objects of a list. */
export function asList(value: Json | undefined): Facts[] {
  return Array.isArray(value) ? value.filter(isFacts) : []
}

export function asNumber(value: Json | undefined): number {
  return asNumberOrNull(value) ?? 0
}

export function asNumberOrNull(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export function asText(value: Json | undefined): string {
  return asTextOrNull(value) ?? ''
}

export function asTextOrNull(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** For an answer that is none to that method: anything may listen on a socket, and a daemon may be of another version. */
export function answerError(method: string): SdError {
  const message = `The answer to "${method}" is not what a daemon answers. Is the daemon of another version than sd-cli, or is its socket in the hands of another program?`
  return new SdError('SD_CONTROL_PROTOCOL', message, { method })
}
