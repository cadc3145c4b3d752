import { readFileSync } from 'node:fs'

/**
 * Set for one process only: the channel to a parent that forked it, which does not survive, and what a launcher
 * that waits for the first start has told: its pipe, and what to close.
 */
const NOT_FOR_SUCCESSORS = [
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  'SD_READY_FD',
  'SD_LEAKED_FDS',
]

/**
 * The environment with which this process was started. What the program has changed meanwhile is not in it:
 * the next one will do so again (and would read an old .env file as if it had been set from outside).
 * Where the system does not keep it, it is the present one.
 */
export function firstEnvironment(): Record<string, string> {
  const environment = readEnvironment() ?? { ...process.env }
  for (const name of NOT_FOR_SUCCESSORS) delete environment[name]
  return environment as Record<string, string>
}

function readEnvironment(): Record<string, string | undefined> | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const entries = readFileSync('/proc/self/environ', 'utf8').split('\0')
    const pairs = entries.filter((entry) => entry.includes('=')).map(splitEntry)
    return pairs.length > 0 ? Object.fromEntries(pairs) : undefined
  } catch {
    // It belongs to root where the program has given its privileges away.
    return undefined
  }
}

function splitEntry(entry: string): [string, string] {
  const end = entry.indexOf('=')
  return [entry.slice(0, end), entry.slice(end + 1)]
}
