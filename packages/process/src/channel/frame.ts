/**
 * What passes between a manager and its child: `[u32 length][u8 kind][message]`, big endian, where `length`
 * counts the kind and the message. Only the files of this folder know.
 */
export const HEADER_LENGTH = 5

/** Above any message that makes sense, and below any four bytes of text read as a length. */
export const LONGEST_MESSAGE: number = 256 * 1024 * 1024

/** What a frame is for. */
export type FrameKind = 'message' | 'initial' | 'drain' | 'ready' | 'failed'

/** The kinds; the position is the number on the wire. */
export const FRAME_KINDS: readonly FrameKind[] = ['message', 'initial', 'drain', 'ready', 'failed']

/** A frame as it was read, its message not yet decoded. */
export interface Frame {
  readonly kind: FrameKind
  readonly payload: Buffer
}
