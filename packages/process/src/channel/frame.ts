/**
 * What passes between a manager and its child: `[u32 length][u8 kind][payload]`, big endian, where `length`
 * counts the kind and the payload. Only the files of this folder know.
 */
export const HEADER_LENGTH = 5

/** Above any message that makes sense, and below any four bytes of text read as a length. */
export const LONGEST_MESSAGE: number = 256 * 1024 * 1024

/** Characters of messages that travel together. */
export const LONGEST_BATCH: number = 64 * 1024

/** Binary data of this many bytes or more travels beside its message, because copying it into one costs more. */
export const ATTACH_FROM: number = 32 * 1024

/** Bytes that the file of one direction may take; what finds no room there goes through the socket. */
export const LARGEST_SHARED_FILE: number = 32 * 1024 * 1024

/** What a frame is for. */
export type FrameKind =
  | 'batch'
  | 'message'
  | 'attached'
  | 'taken'
  | 'sharing'
  | 'initial'
  | 'drain'
  | 'ready'
  | 'failed'
  | 'attach'
  | 'detach'

/**
 * The kinds; the position is the number on the wire.
 *
 * - `batch`: a JSON array of messages.
 * - `message`: one message, as `v8.serialize` writes it; so are those of the kinds behind `attached`.
 * - `attached`: the same, and the list of its attachments, the contents of large binary data. They lie in the
 *   shared file, or follow the frame as they are.
 * - `taken`: an array of the places in the shared file that were read and may be used again.
 * - `sharing`: the child has opened the shared files.
 * - `attach`, `detach`: a debugger's module; those that are there already come before `initial`.
 */
export const FRAME_KINDS: readonly FrameKind[] = [
  'batch',
  'message',
  'attached',
  'taken',
  'sharing',
  'initial',
  'drain',
  'ready',
  'failed',
  'attach',
  'detach',
]

/** A frame as it was read, not yet decoded. */
export interface Frame {
  readonly kind: FrameKind
  /** A part of what was received: what is kept of it is to be copied. */
  readonly payload: Buffer
  /** Each in memory of its own. */
  readonly attachments: readonly ArrayBuffer[]
}

/** Bytes of the longest payload: a frame of which nobody makes longer ones is not believed to be longer. */
export function longestPayload(kind: FrameKind): number {
  switch (kind) {
    case 'batch':
    case 'taken':
      // A character takes up to three bytes, and the brackets take two.
      return 3 * LONGEST_BATCH + 2
    case 'sharing':
    case 'drain':
    case 'ready':
      return 0
    default:
      return LONGEST_MESSAGE
  }
}
