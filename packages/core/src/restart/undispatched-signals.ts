import { constants as files, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { constants } from 'node:os'

/** What libuv's handler writes into a pipe for each signal (`uv__signal_msg_t`): the handle's address, the number, padding. */
const MESSAGE = 16
const NUMBER_AT = 8

/** More than a pipe holds, in messages. */
const MOST = 4096

/** Of the flags in proc_pid_fdinfo(5): how a descriptor may be used. See open(2). */
const ACCESS_MODE = 0o3

/**
 * The signals that were caught and that no listener has heard of: between the handler, which only notes them, and the
 * listeners lies a turn of the event loop. Takes them out of libuv's pipe, and libuv misses
 * them: only for a process that is about to be replaced. Linux on 64 bits; empty elsewhere.
 */
export function takeUndispatchedSignals(): NodeJS.Signals[] {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return []
  const numbers = new Set(findOwnPipes().flatMap(readNumbers))
  return (Object.entries(constants.signals) as [NodeJS.Signals, number][])
    .filter(([, number]) => numbers.has(number))
    .map(([name]) => name)
}

/** The reading ends of pipes whose other end this process has, too. */
function findOwnPipes(): number[] {
  const ends = new Map<string, number[]>()
  for (const name of readdirSync('/proc/self/fd')) {
    const link = linkOf(name)
    if (link?.startsWith('pipe:') && Number(name) > 2)
      ends.set(link, [...(ends.get(link) ?? []), Number(name)])
  }
  return [...ends.values()].filter(({ length }) => length > 1).flatMap((pair) => pair.filter(canBeRead))
}

function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    // The one with which the directory was read.
    return undefined
  }
}

function canBeRead(descriptor: number): boolean {
  const [, octal = '1'] =
    /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
  const flags = Number.parseInt(octal, 8)
  return (flags & ACCESS_MODE) === files.O_RDONLY && (flags & files.O_NONBLOCK) !== 0
}

function readNumbers(descriptor: number): number[] {
  const messages = Buffer.alloc(MESSAGE * MOST)
  try {
    const length = readSync(descriptor, messages, 0, messages.length, null)
    // Another pipe of libuv's holds single bytes.
    if (length % MESSAGE !== 0) return []
    return Array.from({ length: length / MESSAGE }, (_, index) =>
      messages.readInt32LE(index * MESSAGE + NUMBER_AT),
    )
  } catch {
    // Empty.
    return []
  }
}
