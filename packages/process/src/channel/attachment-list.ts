import { ATTACH_FROM, LARGEST_SHARED_FILE, LONGEST_MESSAGE } from './frame.ts'

/** An attachment of a message: how long it is, and where. */
export interface AttachmentEntry {
  readonly length: number
  /** In the shared file; undefined when it follows the frame. */
  readonly place: number | undefined
}

/** A place that is none. */
const FOLLOWS = 0xffff_ffff

/** Attachments of one message: none is shorter than it may be. */
const MOST = LONGEST_MESSAGE / ATTACH_FROM

/** Bytes of one entry: its length and its place, `u32` each. */
const ENTRY_LENGTH = 8

/** The list that ends the payload of a frame with attachments: an entry for each, and their number, a `u32`. */
export function writeAttachmentList(entries: readonly AttachmentEntry[]): Buffer {
  const list = Buffer.allocUnsafe(ENTRY_LENGTH * entries.length + 4)
  for (const [index, { length, place }] of entries.entries()) {
    list.writeUInt32BE(length, ENTRY_LENGTH * index)
    list.writeUInt32BE(place ?? FOLLOWS, ENTRY_LENGTH * index + 4)
  }
  list.writeUInt32BE(entries.length, list.length - 4)
  return list
}

/** @throws Error when the payload does not end with such a list, or lists what nobody attaches. */
export function readAttachmentList(payload: Buffer): AttachmentEntry[] {
  const count = payload.length < 4 ? 0 : payload.readUInt32BE(payload.length - 4)
  const start = payload.length - 4 - ENTRY_LENGTH * count
  if (count === 0 || count > MOST || start < 0)
    throw new Error('It says to have attachments, but none are listed.')
  let sum = 0
  let shared = 0
  return Array.from({ length: count }, (_, index) => {
    const length = payload.readUInt32BE(start + ENTRY_LENGTH * index)
    const place = payload.readUInt32BE(start + ENTRY_LENGTH * index + 4)
    if (length < ATTACH_FROM) throw new Error(`It lists an attachment of ${length} bytes.`)
    sum += length
    if (place !== FOLLOWS) shared += length
    if (sum > LONGEST_MESSAGE || shared > LARGEST_SHARED_FILE)
      throw new Error('Its attachments are too large.')
    return { length, place: place === FOLLOWS ? undefined : place }
  })
}
