/**
 * A frame: u32 bytes of the value, u32 number of the call, u8 method, u8 form of the value, the value; numbers
 * are little-endian.
 */
export const HEADER = 10

/** How values are written. With `json`, bytes travel as they are beside it. */
export type Codec = 'json' | 'v8'

/** The forms of a value in a frame. */
export const FORM = { none: 0, json: 1, v8: 2, bytes: 3 } as const
