import { describe, SdError } from '@sd/core'

/** Fits into every file system, with room for what is added while it is removed. */
const LONGEST_NAME = 128

/** @throws SdError `SD_SHM_NAME`. */
export function checkSegmentName(name: unknown): asserts name is string {
  if (isSegmentName(name)) return
  const wanted = `1 to ${LONGEST_NAME} letters, digits, ".", "_" and "-" that do not begin with "." or "-"`
  throw new SdError('SD_SHM_NAME', `A segment's name must be ${wanted}, not ${describe(name)}.`, { name })
}

/** Whether it can be the name of a segment. */
export function isSegmentName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= LONGEST_NAME && /^\w[\w.-]*$/.test(name)
}
