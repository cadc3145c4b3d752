import { closeSync, existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SdError, systemClock } from '@sd/core'
import { removeGrave } from './grave.ts'
import { retryDelay } from './retry-delay.ts'
import { explainStoreError, missingError } from './segment-errors.ts'
import { isInPlace, openDirectory, SegmentMemory } from './segment-memory.ts'
import { describeSelf, type SegmentOwner } from './segment-owner.ts'
import { WriteGate } from './write-gate.ts'

/** A segment that this thread has open, and how many handles it has. */
export interface SharedMemory {
  readonly memory: SegmentMemory
  users: number
  /** Set when the last user has gone. */
  closing?: Promise<void>
}

/** Also found by a second copy of this package: LMDB must open a file only once in each thread. */
const key = Symbol.for('@sd/shm 1: open segments')

/** What this thread has open, by directory. */
export function openMemories(): Map<string, SharedMemory> {
  const place = globalThis as { [key]?: Map<string, SharedMemory> }
  place[key] ??= new Map()
  return place[key]
}

/** Which segment is wanted. */
export interface WantedSegment {
  readonly name: string
  readonly directory: string
  /** Whether it is made when there is none. */
  readonly create: boolean
}

/**
 * Opens a segment, or shares the one that is open.
 *
 * @param timeout - how long others may write, or remove it. Milliseconds.
 * @throws SdError `SD_SHM_BUSY`, `SD_SHM_MISSING`, and what keeps it from being opened.
 */
export async function enterMemory(
  { name, directory, create }: WantedSegment,
  size: number | undefined,
  timeout: number,
): Promise<SharedMemory> {
  const until = systemClock.now() + timeout
  const self = describeSelf()
  const gate = new WriteGate(directory, self)
  for (let look = 0; ; look++) {
    if (create) await makeDirectory(name, directory)
    await openMemories().get(directory)?.closing
    if (!create && !existsSync(join(directory, 'data.mdb'))) throw missingError(name)
    const present = findMemory(directory)
    const entered = present?.memory.isInPlace()
      ? enterPresent(present, gate, size, timeout)
      : await enterNew({ name, directory, timeout, self, gate }, size)
    if (!(entered instanceof SdError)) return entered
    // While others write and get on, its turn comes.
    const isOver = entered.holder === undefined ? systemClock.now() > until : gate.isStuck(timeout)
    if (isOver || entered.transient !== true) throw entered
    await retryDelay(look)
  }
}

async function makeDirectory(name: string, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw explainStoreError(name, directory, error)
  })
}

/** @returns the reason why not, for now. */
function enterPresent(
  present: SharedMemory,
  gate: WriteGate,
  size: number | undefined,
  timeout: number,
): SharedMemory | SdError {
  const { memory } = present
  if (!gate.tryEnter()) return gate.busyError(memory.name, timeout)
  try {
    if (memory.register(size) === 'being removed') return removalError(memory.name, timeout)
  } finally {
    gate.leave()
  }
  present.users++
  return present
}

/** @returns the reason why not, for now. */
async function enterNew(opening: Opening, size: number | undefined): Promise<SharedMemory | SdError> {
  const { name, timeout } = opening
  const opened = openMemory(opening, (memory) => {
    if (memory.register(size) === 'registered') {
      const shared: SharedMemory = { memory, users: 1 }
      // In the same turn: another one would open it twice.
      keep(shared)
      return shared
    }
    // Whoever was to remove it may have died.
    return memory.condemn(() => false)
  })
  if (opened instanceof SdError) return opened
  const { memory, result } = opened
  if (typeof result === 'object') return result
  await memory.abandon(timeout)
  if (result) await removeGrave(result)
  return removalError(name, timeout)
}

/** What is to be opened, and who opens it. */
export interface Opening {
  readonly name: string
  readonly directory: string
  /** For the message. Milliseconds. */
  readonly timeout: number
  readonly self: SegmentOwner
  /** The same for all attempts: it remembers whom it saw. */
  readonly gate: WriteGate
}

/** A segment that was opened, and what was made of it in the same turn. */
export interface OpenedMemory<Result> {
  readonly memory: SegmentMemory
  readonly result: Result
}

/**
 * Opens the file of a segment, which this thread must not have open. The caller closes it.
 *
 * @param action - runs in the same turn, within the gate.
 * @returns the reason why not, for now.
 */
export function openMemory<Result>(
  { name, directory, timeout, self, gate }: Opening,
  action: (memory: SegmentMemory) => Result,
): OpenedMemory<Result> | SdError {
  let handle: number
  try {
    handle = openDirectory(name, directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return removalError(name, timeout)
    throw explainStoreError(name, directory, error)
  }
  if (!gate.tryEnter()) {
    closeSync(handle)
    return gate.busyError(name, timeout)
  }
  let memory: SegmentMemory | undefined
  let result: OpenedMemory<Result> | undefined
  try {
    // From here on it stays: it is moved away only from within the gate.
    if (!isInPlace(directory, handle)) return removalError(name, timeout)
    memory = new SegmentMemory(name, directory, handle, self, gate)
    result = { memory, result: action(memory) }
    return result
  } finally {
    gate.leave()
    if (!result) {
      if (memory) void memory.abandon(timeout)
      else closeSync(handle)
    }
  }
}

function removalError(name: string, timeout: number): SdError {
  const message = `The shared memory "${name}" has been under removal for ${timeout} ms. Is the process that destroys it stopped?`
  return new SdError('SD_SHM_BUSY', message, { segment: name, timeout, transient: true })
}

/** What this thread has open under that directory, and does not close. */
function findMemory(directory: string): SharedMemory | undefined {
  const found = openMemories().get(directory)
  return found?.closing ? undefined : found
}

/** The counterpart of {@link enterMemory}. */
export async function leaveMemory(shared: SharedMemory, timeout: number): Promise<void> {
  shared.users--
  if (shared.users > 0) return
  shared.closing = shared.memory.close(timeout).finally(() => release(shared))
  await shared.closing
}

function keep(shared: SharedMemory): void {
  if (openMemories().size === 0) process.on('exit', closeAtExit)
  openMemories().set(shared.memory.directory, shared)
}

function release(shared: SharedMemory): void {
  const { directory } = shared.memory
  // A destroyed one may have a successor.
  if (openMemories().get(directory) === shared) openMemories().delete(directory)
  if (openMemories().size === 0) process.off('exit', closeAtExit)
}

function closeAtExit(): void {
  for (const { memory } of openMemories().values()) memory.closeAtExit()
}
