import { createHash } from 'node:crypto'

/** The items of one lock. */
export interface LockKeys {
  /** The holder's record. It is there while the lock is held, and expires. */
  readonly record: string
  /** The last token. It stays. */
  readonly token: string
}

/** memcached takes keys of 250 bytes, without spaces and control characters. */
const LONGEST_KEY = 250

/** @returns keys that no lock with another name has. */
export function lockKeys(prefix: string, name: string): LockKeys {
  const encoded = encodeURIComponent(name)
  // No encoded name contains a colon.
  const keysOf = (text: string): LockKeys => ({ record: `${prefix}${text}`, token: `${prefix}${text}:token` })
  const keys = keysOf(encoded)
  return keys.token.length <= LONGEST_KEY
    ? keys
    : keysOf(`sha256:${createHash('sha256').update(name).digest('hex')}`)
}
