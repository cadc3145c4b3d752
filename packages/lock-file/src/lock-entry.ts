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
  /** Milliseconds. Undefined: as the record says, which an earlier version has written. */
  readonly ttl: number | undefined
  /** As a holder's. */
  readonly restarting?: boolean
}

/** `token-7.renewal-12.at-8123456.789.for-3000.by-0c4e…`, and `.restarting` where its process replaces itself. */
export function nameEntry({
  token,
  id,
  renewals,
  renewedAt,
  ttl,
  restarting,
}: Pick<LockHolder, 'token' | 'id' | 'renewals' | 'renewedAt' | 'ttl' | 'restarting'>): string {
  const time = `at-${renewedAt.toFixed(3)}.for-${ttl}${restarting ? '.restarting' : ''}`
  return `token-${token}.renewal-${renewals}.${time}.by-${id}`
}

const PATTERN = /^token-(\d+)\.renewal-(\d+)\.at-(\d+\.\d+)(?:\.for-(\d+)(\.restarting)?)?\.by-([\w-]+)$/

/** @returns undefined when the name is no entry's. */
export function parseEntry(name: string): LockEntry | undefined {
  const found = PATTERN.exec(name)
  if (!found) return undefined
  const [, token, renewals, renewedAt, ttl, restarting, id] = found
  return {
    ...{ name, token: Number(token), renewals: Number(renewals), renewedAt: Number(renewedAt), id: id! },
    ttl: ttl === undefined ? undefined : Number(ttl),
    ...(restarting && { restarting: true }),
  }
}

/** The holder, of whom the record tells what does not change. One whose record is damaged can only be watched. */
export function toHolder(entry: LockEntry, record: LockHolder | undefined, ttl: number): LockHolder {
  const { name: _, ttl: ownTtl, ...changing } = entry
  const nobody = { pid: 0, startTime: '', thread: 0, host: 'an unknown host', boot: '', namespaces: '' }
  const known = record?.id === entry.id ? record : { ...nobody, name: '', ttl, since: 'an unknown time' }
  return { ...known, ...changing, ttl: ownTtl ?? known.ttl }
}
