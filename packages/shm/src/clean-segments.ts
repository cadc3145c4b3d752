import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SdError, systemClock } from '@sd/core'
import { isGraveName, removeGrave } from './grave.ts'
import { listSegments } from './list-segments.ts'
import { missingError } from './segment-errors.ts'
import type { SegmentMemory } from './segment-memory.ts'
import { checkSegmentName } from './segment-name.ts'
import { describeSelf, isGone, type SegmentOwner, type SegmentUser } from './segment-owner.ts'
import { openSegmentsDirectory, segmentsDirectory } from './segments-directory.ts'
import { type OpenedMemory, openMemories, openMemory } from './shared-memories.ts'
import { WriteGate } from './write-gate.ts'

/** Milliseconds. */
const PATIENCE = 200

/** Milliseconds. */
const RETRY_DELAY = 3

/**
 * Removes this user's segments that nobody has open any more: each process that had has ended, or closed it. What a
 * process in another container has open stays, because its end cannot be seen from here.
 *
 * @param onFailure - told of what could not be looked at, for instance because it is damaged. It stays.
 * @returns the names of the removed ones.
 */
export async function cleanSegments(
  onFailure: (name: string, error: unknown) => void = () => {},
): Promise<string[]> {
  await removeGraves(await openSegmentsDirectory())
  return filterSegments((name) => removeUnusedSegment(name), onFailure)
}

/**
 * This user's segments that nobody has open any more: what {@link cleanSegments} would remove.
 *
 * @param onFailure - told of what could not be looked at.
 */
export async function listUnusedSegments(
  onFailure: (name: string, error: unknown) => void = () => {},
): Promise<string[]> {
  return filterSegments(isUnused, onFailure)
}

/** How to remove a segment. */
export interface RemoveOptions {
  /**
   * Whether it stays while a process runs that had it open: it may open it again, as a daemon does that restarts in place.
   * @default false
   */
  spareFormer?: boolean
}

/**
 * Removes one segment, if nobody has it open any more.
 *
 * @returns whether it was removed.
 * @throws SdError `SD_SHM_NAME`; `SD_SHM_DIRECTORY` for what is no segment; `SD_SHM_DAMAGED`.
 */
export async function removeUnusedSegment(
  name: string,
  { spareFormer = false }: RemoveOptions = {},
): Promise<boolean> {
  checkSegmentName(name)
  const opened = await openIfAlone(name, (memory, self) =>
    memory.condemn((owners, former) =>
      [...owners, ...(spareFormer ? former : [])].every((owner) => isGone(owner, self)),
    ),
  )
  return opened ? removeCondemned(opened) : false
}

/**
 * Which processes have a segment open, and which had it and still run. It is not opened for that.
 *
 * @returns undefined while somebody writes to it, and so uses it.
 * @throws as {@link removeUnusedSegment}; SdError `SD_SHM_MISSING`.
 */
export async function listSegmentUsers(name: string): Promise<SegmentUser[] | undefined> {
  checkSegmentName(name)
  if (!existsSync(join(segmentsDirectory(), name))) throw missingError(name)
  const opened = await openIfAlone(name, (memory) => memory.users())
  await opened?.memory.abandon(PATIENCE)
  return opened?.result
}

async function isUnused(name: string): Promise<boolean> {
  const opened = await openIfAlone(name, (memory) => memory.owners().length === 0)
  if (!opened) return false
  await opened.memory.abandon(PATIENCE)
  return opened.result
}

async function filterSegments(
  isWanted: (name: string) => Promise<boolean>,
  onFailure: (name: string, error: unknown) => void,
): Promise<string[]> {
  const wanted: string[] = []
  for (const name of await listSegments()) {
    try {
      if (await isWanted(name)) wanted.push(name)
    } catch (error) {
      onFailure(name, error)
    }
  }
  return wanted
}

/** @returns undefined when others are at it. */
async function openIfAlone<Result>(
  name: string,
  action: (memory: SegmentMemory, self: SegmentOwner) => Result,
): Promise<OpenedMemory<Result> | undefined> {
  const directory = join(await openSegmentsDirectory(), name)
  // In use by this very thread.
  if (openMemories().has(directory)) return undefined
  const self = describeSelf()
  const opening = { name, directory, timeout: PATIENCE, self, gate: new WriteGate(directory, self) }
  const until = systemClock.now() + PATIENCE
  for (;;) {
    const opened = openMemory(opening, (memory) => action(memory, self))
    if (!(opened instanceof SdError)) return opened
    // Somebody writes: it is in use. Or was killed while it wrote, which takes a second look to tell.
    if (systemClock.now() > until) return undefined
    await sleep(RETRY_DELAY)
  }
}

async function removeCondemned({
  memory,
  result: grave,
}: OpenedMemory<string | undefined>): Promise<boolean> {
  await memory.abandon(PATIENCE)
  if (grave) await removeGrave(grave)
  return grave !== undefined
}

/** Segments that were moved away by a process that died before it had removed them. Nobody can open them. */
async function removeGraves(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && isGraveName(entry.name)) await removeGrave(join(directory, entry.name))
  }
}
