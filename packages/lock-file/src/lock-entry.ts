import type { LockHolder } from '@sd/lock'

/**
 * The name of the one file in a lock's directory: what changes about its holder. To rename it is to change the
 * lock in one step, and only if nobody else did: the old name is gone after that, and never comes back.
 */
export interface LockEntry {
  readonly name: string
  readonly token: number
  readonly id: string
  readonly renewals: number
  /** Monotonic time of the holder's boot, milliseconds. */
  readonly renewedAt: number
}

/** `token-7.renewal-12.at-8123456.789.by-0c4e…` */
export function nameEntry({ token, id, renewals, renewedAt }: Omit<LockEntry, 'name'>): string {
  return `token-${token}.renewal-${renewals}.at-${renewedAt.toFixed(3)}.by-${id}`
}

const PATTERN = /^token-(\d+)\.renewal-(\d+)\.at-(\d+\.\d+)\.by-([\w-]+)$/

/** @returns undefined when the name is no entry's. */
export function parseEntry(name: string): LockEntry | undefined {
  const found = PATTERN.exec(name)
  if (!found) return undefined
  const [, token, renewals, renewedAt, id] = found
  return { name, token: Number(token), renewals: Number(renewals), renewedAt: Number(renewedAt), id: id! }
}

/** The holder, of whom the record tells what does not change. One whose record is damaged can only be watched. */
export function toHolder(entry: LockEntry, record: LockHolder | undefined, ttl: number): LockHolder {
  const { token, renewals, renewedAt, id } = entry
  const nobody = { pid: 0, startTime: '', thread: 0, host: 'an unknown host', boot: '', namespaces: '' }
  const known = record?.id === id ? record : { ...nobody, name: '', ttl, since: 'an unknown time' }
  return { ...known, token, renewals, renewedAt, id }
}
