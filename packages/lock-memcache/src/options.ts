import { type Check, must } from '@sd/core'
import type { LockOptions } from '@sd/lock'
import { parseServer, type ServerAddress } from './server-address.ts'

/** Where and how a lock is kept in memcached. */
export interface MemcachePlace {
  /**
   * The servers: `host:port`, `host`, or `[ipv6]:port`. The lock is held by whom a majority of them has it for, so three
   * survive the loss of one. The same list everywhere. @default ['127.0.0.1:11211']
   */
  servers?: readonly string[]
  /** What the names of the lock's items begin with: up to 100 visible ASCII characters. @default 'sd:lock:' */
  prefix?: string
  /**
   * Milliseconds within which each operation on the lock succeeds or fails, what must be repeated included; at
   * most a quarter of the ttl for a renewal or a check, three quarters to take the lock or give it back. @default 1000
   */
  timeout?: number
  /**
   * Milliseconds for which a memcached that has just been started gives away no lock, so that who had it before a
   * restart notices first; the ttl at most. 0: never started anew while a lock is held. @default 10_000
   */
  quarantine?: number
}

/** Options of {@link memcacheLock}. */
export interface MemcacheLockOptions<Name extends string = string> extends LockOptions<Name>, MemcachePlace {}

/** A {@link MemcachePlace} with the defaults filled in. */
export type ResolvedPlace = Omit<Required<MemcachePlace>, 'servers'> & {
  readonly servers: readonly ServerAddress[]
}

const defaults: Readonly<Required<MemcachePlace>> = Object.freeze({
  servers: ['127.0.0.1:11211'],
  prefix: 'sd:lock:',
  timeout: 1000,
  quarantine: 10_000,
})

/** What the options must be that only this plugin has. */
export const memcacheChecks: { readonly [K in keyof MemcachePlace]-?: Check } = {
  servers(value) {
    const wanted = 'a list of different servers like "127.0.0.1:11211"'
    if (!Array.isArray(value) || value.length === 0) return wanted
    const servers = value.map((text) => (typeof text === 'string' ? parseServer(text)?.name : undefined))
    const wrong = servers.findIndex((name, index) => name === undefined || servers.indexOf(name) !== index)
    return wrong === -1
      ? undefined
      : `${wanted} (and its number ${wrong + 1}, ${JSON.stringify(value[wrong])}, is not)`
  },
  prefix: (value) =>
    typeof value === 'string' && /^[\x21-\x7e]{0,100}$/.test(value)
      ? undefined
      : 'up to 100 visible ASCII characters, without spaces',
  timeout: must.beNumber(10, 60_000, 'milliseconds'),
  quarantine: must.beNumber(0, 86_400_000, 'milliseconds'),
}

/** Fills in the defaults of options that have been checked. */
export function resolvePlace(given: MemcachePlace): ResolvedPlace {
  const { servers = defaults.servers, prefix = defaults.prefix } = given
  const { timeout = defaults.timeout, quarantine = defaults.quarantine } = given
  return { servers: servers.map((text) => parseServer(text)!), prefix, timeout, quarantine }
}
