import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { basename } from 'node:path'

/** What is written at a time. */
const ZEROS = Buffer.alloc(64 * 1024)

/**
 * The memory that a file has for sure. A write of LMDB's must never be the one to find out that there is no more: `lmdb`
 * then describes the failure in a buffer that is too small for it, and so destroys the heap of the process. What is in
 * the file once is there for good, so zeros are written first, and it is this write that fails.
 */
export class FileRoom {
  readonly #file: string
  readonly #handle: number
  readonly #identity: { readonly dev: bigint; readonly ino: bigint }
  /** How long the file was when last seen: it never shrinks. Bytes. */
  #size = 0

  constructor(file: string) {
    this.#file = file
    this.#handle = openSync(file, 'r+')
    this.#identity = fstatSync(this.#handle, { bigint: true })
  }

  /** Whether the file of that name is still the one that is open, and not removed, moved away or replaced. */
  isInPlace(): boolean {
    const found = lstatSync(this.#file, { bigint: true, throwIfNoEntry: false })
    const { dev, ino } = this.#identity
    return found !== undefined && found.ino === ino && found.dev === dev
  }

  /**
   * Makes the file at least so long. Nobody else may write to it meanwhile.
   *
   * @param size - bytes.
   * @throws the system's error, `ENOSPC` for instance.
   */
  ensure(size: number): void {
    if (size <= this.#size) return
    this.#size = fstatSync(this.#handle).size
    while (this.#size < size) {
      const length = Math.min(ZEROS.length, size - this.#size)
      this.#size += writeSync(this.#handle, ZEROS, 0, length, this.#size)
    }
  }

  close(): void {
    closeSync(this.#handle)
  }
}

/**
 * Makes a file of zeros, or makes one that is there as long, with zeros at its end. For one that is mapped and written to,
 * where to find no memory is SIGBUS.
 *
 * @param size - bytes.
 * @throws the system's error; then there is no new file. Error when it is there, and longer.
 */
export function makeZeroFile(file: string, size: number): void {
  // Not even opened where it is whole: closing any descriptor of a file drops all locks that the process has on it (fcntl(2)).
  // LMDB tells by such a lock that the table in the file is in use, and makes it anew where there is none.
  if (lstatSync(file, { throwIfNoEntry: false })?.size === size) return
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  const handle = openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  let length = 0
  try {
    length = fstatSync(handle).size
    if (length > size) throw new Error(`${basename(file)} has ${length} bytes instead of ${size}`)
    const isNew = length === 0
    try {
      while (length < size) {
        length += writeSync(handle, ZEROS, 0, Math.min(ZEROS.length, size - length), length)
      }
    } catch (error) {
      if (isNew) rmSync(file, { force: true })
      throw error
    }
  } finally {
    closeSync(handle)
  }
}

/**
 * For what has to be in a file from its beginning: LMDB does not survive it either when a file that it makes finds no memory.
 *
 * @param size - bytes.
 * @throws Error with the code `ENOSPC`.
 */
export function requireSpace(directory: string, size: number): void {
  const { blocks, bavail, bsize } = statfsSync(directory)
  // A file system without a limit has no size: ramfs, or tmpfs with `size=0`.
  if (blocks === 0 || bavail * bsize >= size) return
  const message = `ENOSPC: no space left on device, ${size} bytes are needed and ${bavail * bsize} free`
  throw Object.assign(new Error(message), { code: 'ENOSPC' })
}
