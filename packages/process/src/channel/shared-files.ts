import { closeSync, constants, openSync, unlinkSync } from 'node:fs'

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm'

/**
 * Two files in memory without a name, through which the large binary data of a channel passes, one for each
 * direction: file descriptors of this process. Data that goes through a socket stops each time that its buffer is
 * full (208 KiB) until the other process has been woken up; here it is copied in at once, and out at once.
 */
export interface SharedFiles {
  readonly down: number
  readonly up: number
}

/** How another process finds the files: through the descriptors of the one that made them. */
export interface SharedFilesAddress extends SharedFiles {
  readonly pid: number
}

/** @returns undefined where there is no such memory: then all goes through the socket. */
export function createSharedFiles(): SharedFiles | undefined {
  if (process.platform !== 'linux') return undefined
  let down: number | undefined
  try {
    down = createNameless()
    return { down, up: createNameless() }
  } catch {
    if (down !== undefined) closeSync(down)
    return undefined
  }
}

/** @returns undefined where the system forbids it. */
export function openSharedFiles({ pid, down, up }: SharedFilesAddress): SharedFiles | undefined {
  try {
    return { down: openSync(`/proc/${pid}/fd/${down}`, 'r+'), up: openSync(`/proc/${pid}/fd/${up}`, 'r+') }
  } catch {
    return undefined
  }
}

export function closeSharedFiles({ down, up }: SharedFiles): void {
  closeSync(down)
  closeSync(up)
}

function createNameless(): number {
  // Only for a moment, and refused should somebody else have had the same idea.
  const name = `${MEMORY}/sd-${process.pid}-${Math.random().toString(36).slice(2)}`
  const fd = openSync(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  unlinkSync(name)
  return fd
}
