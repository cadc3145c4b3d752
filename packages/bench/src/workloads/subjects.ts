import type { Kind } from '../adapters/adapter.ts'
import { adapters } from '../adapters/adapters.ts'

/** All pools. */
export const pools: readonly string[] = adapters.map(({ name }) => name)

/** The pools whose workers are processes. */
export const processPools: readonly string[] = adapters
  .filter(({ kind }) => kind !== 'thread')
  .map(({ name }) => name)

/** The pools that come near to being the fastest at small calls. */
export const fastPools: readonly string[] = [
  'simple-daemon',
  'piscina-tuned',
  'poolifier-thread',
  'poolifier-cluster',
  'fork-json',
  'socket-json',
]

/** What a subject is. What is no pool is a bare control. */
export function kindOf(subject: string): Kind {
  if (subject === 'simple-daemon') return 'ours'
  return adapters.find(({ name }) => name === subject)?.kind ?? 'bare'
}
