import { ftruncateSync, writeSync } from 'node:fs'
import { LARGEST_SHARED_FILE } from './frame.ts'

/** Bytes that it keeps when nothing is in it, because memory that is in use already is written faster. */
const KEPT = 8 * 1024 * 1024
/** Room is given in pieces of this size, or twice it, or four times, and so on. */
const SMALLEST_PIECE = 64 * 1024

/** The sender's side of a shared file: binary data lies there until the receiver says that it has it. */
export class Outbox {
  readonly #fd: number
  /** The sizes of the pieces that are in use, by where they are. */
  readonly #used = new Map<number, number>()
  /** The free pieces, by their size. */
  readonly #free = new Map<number, number[]>()
  #end = 0

  /** @param fd - of a file that is this object's alone to write. */
  constructor(fd: number) {
    this.#fd = fd
  }

  /** Puts a copy of the bytes there. @returns where it is; undefined when there is no room. */
  put(bytes: Uint8Array): number | undefined {
    const size = pieceFor(bytes.length)
    const place = this.#free.get(size)?.pop() ?? this.#extend(size)
    if (place === undefined) return undefined
    this.#used.set(place, size)
    if (this.#write(bytes, place)) return place
    this.release(place)
    return undefined
  }

  /** The receiver has what is there. */
  release(place: number): void {
    const size = this.#used.get(place)
    if (size === undefined) return
    this.#used.delete(place)
    if (this.#used.size === 0) return this.#startAfresh()
    const free = this.#free.get(size)
    if (free) free.push(place)
    else this.#free.set(size, [place])
  }

  #extend(size: number): number | undefined {
    if (this.#end + size > LARGEST_SHARED_FILE) return undefined
    const place = this.#end
    this.#end += size
    return place
  }

  #startAfresh(): void {
    if (this.#end > KEPT) ftruncateSync(this.#fd, KEPT)
    this.#free.clear()
    this.#end = 0
  }

  /** @returns false when the system has no memory left for it. */
  #write(bytes: Uint8Array, place: number): boolean {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, place + done)
      }
      return true
    } catch {
      return false
    }
  }
}

function pieceFor(length: number): number {
  let size = SMALLEST_PIECE
  while (size < length) size *= 2
  return size
}
