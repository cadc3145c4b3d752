import { createServer } from 'node:net'
import { startListening } from './start-listening.ts'

/** Milliseconds. */
const PAUSE = 10

/** Whoever holds it does so for milliseconds: beyond this, it is held against us. Milliseconds. */
const LIMIT = 5000

/**
 * Runs `work` while no other daemon of this machine does so for the same path. The guard is a socket in Linux's
 * abstract namespace: it has no file, and the kernel lets go of it however its holder ends. Elsewhere there is
 * none, and the work is done without.
 *
 * @throws `EADDRINUSE` when somebody else holds the guard for good.
 */
export async function withTakeOverGuard<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  if (process.platform !== 'linux') return work()
  const name = `\0sd-socket:${shorten(path)}`
  const guard = createServer((socket) => socket.destroy())
  for (let waited = 0; ; waited += PAUSE) {
    try {
      await startListening(guard, { path: name })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || waited >= LIMIT) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
  try {
    return await work()
  } finally {
    await new Promise((resolve) => guard.close(resolve))
  }
}

/** Bytes that the rest of a guard's name may take: unix(7) has room for 107. */
const LONGEST = 90

function shorten(path: string): string {
  if (Buffer.byteLength(path) <= LONGEST) return path
  // Asked for here and not imported: it takes longer to load than all else that a start does.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(path).digest('hex').slice(0, 40)
}
