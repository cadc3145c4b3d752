import { mkdtempSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { systemClock } from '../clock.ts'
import { SdError } from '../sd-error.ts'
import { startListening } from './start-listening.ts'

/** A guard is held for milliseconds: a holder that takes longer is stuck. Milliseconds. */
const LIMIT = 5000

/** Milliseconds between looks at a holder that cannot be connected to. */
const PAUSE = 10

/** What a guard's path adds to that of its directory at most: for limits of path lengths. */
export const GUARD_NAME = '/.gHHHHHHH/RRRRR'

/**
 * Runs `work` while no other process does so for the same path. The guard is a directory beside the path, which holds one
 * listening socket: it belongs to the process that listens, and is free when the kernel refuses a connection, however
 * that process has ended. A process that waits is connected to the holder, and learns of its end at once.
 *
 * It lies where the path does, so only users who can write there can hold it.
 *
 * @param limit - milliseconds to wait for the guard. @default 5000
 * @throws SdError `SD_CORE_SOCKET` when another process holds it for longer; the system's error when it cannot be made.
 */
export async function withTakeOverGuard<Result>(
  path: string,
  work: () => Promise<Result>,
  limit: number = LIMIT,
): Promise<Result> {
  const leave = await enter(path, limit)
  try {
    return await work()
  } finally {
    leave()
  }
}

/** @returns gives the guard back. */
async function enter(path: string, limit: number): Promise<() => void> {
  const end = systemClock.now() + limit
  const place = join(dirname(path), `.g${hash(basename(path))}`)
  const draft = mkdtempSync(join(dirname(path), '.g'))
  // Never the same twice in one place: a dead holder's entry is removed by its name.
  const entry = Math.random().toString(36).slice(2, 7)
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => {}).once('close', () => waiting.delete(socket))
  })
  const close = (): void => {
    server.close()
    for (const socket of waiting) socket.destroy()
  }
  try {
    await startListening(server, { path: join(draft, entry) })
    while (!takePlace(draft, place)) {
      if (systemClock.now() >= end) throw heldError(path, place, limit)
      await waitForHolder(place, end)
    }
  } catch (error) {
    // It removes its socket.
    close()
    rmdirSync(draft)
    throw error
  }
  const leave = (): void => {
    process.off('exit', leave)
    ignoring(['ENOENT'], () => unlinkSync(join(place, entry)))
    // The next one may be in already.
    ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(place))
    close()
  }
  process.on('exit', leave)
  return leave
}

/** Renames a directory, which succeeds only where there is none, or an empty one. @returns whether it has. */
function takePlace(draft: string, place: string): boolean {
  return (
    ignoring(['ENOTEMPTY', 'EEXIST'], () => {
      renameSync(draft, place)
      return true
    }) === true
  )
}

/** Resolves when it is worth trying again. A holder that has ended is removed. */
async function waitForHolder(place: string, end: number): Promise<void> {
  const entries = ignoring(['ENOENT'], () => readdirSync(place)) ?? []
  for (const entry of entries) {
    const outcome = await connectUntilClosed(join(place, entry), end)
    if (outcome === 'ECONNREFUSED') ignoring(['ENOENT'], () => unlinkSync(join(place, entry)))
    else if (outcome !== undefined && outcome !== 'ENOENT') await sleep(PAUSE)
  }
}

/** @returns the code of the error that the connection failed with; undefined when it was made, and has ended. */
function connectUntilClosed(path: string, end: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined
    const socket = connect(path)
    const left = end - systemClock.now()
    const timer = Number.isFinite(left) ? setTimeout(() => socket.destroy(), left) : undefined
    socket.once('error', (error: NodeJS.ErrnoException) => {
      code = error.code
    })
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(code)
    })
    // Nothing is sent; without a reader the end is not noticed.
    socket.resume()
  })
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function heldError(path: string, place: string, limit: number): SdError {
  const message = `Cannot take ${path}: another process has been about to for ${limit} ms (find it with: lsof ${place}/*). End it, or choose another path.`
  return new SdError('SD_CORE_SOCKET', message, { path })
}

function ignoring<Result>(codes: readonly string[], act: () => Result): Result | undefined {
  try {
    return act()
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** FNV-1a, in 7 characters: paths of sockets are short. Names of the same hash only wait for each other. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0
  return value.toString(36).padStart(7, '0')
}
