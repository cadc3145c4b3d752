import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { SdError, toError } from '@sd/core'

/**
 * Turns a value into bytes: everything that structured clone takes.
 *
 * @throws SdError `SD_SHM_VALUE`.
 */
export function encodeValue(key: string, value: unknown): Buffer {
  try {
    return serialize(value)
  } catch (thrown) {
    const problem = toError(thrown).message
    const message = `The value of ${JSON.stringify(key)} cannot be shared: ${problem} Store plain data.`
    throw new SdError('SD_SHM_VALUE', message, { key, cause: thrown })
  }
}

/**
 * As {@link encodeValue}, for what must not be `undefined`, which stands for no value.
 *
 * @throws SdError `SD_SHM_VALUE`.
 */
export function encodePresent(key: string, value: unknown): Buffer {
  if (value !== undefined) return encodeValue(key, value)
  const message = `The value of ${JSON.stringify(key)} is undefined, which stands for no value. Delete the key instead.`
  throw new SdError('SD_SHM_VALUE', message, { key })
}

/** @param bytes - of its own: what is binary in the value stays a view of them. */
export function decodeValue(bytes: Uint8Array): unknown {
  return deserialize(bytes)
}

/**
 * Whether two encoded values are equal. Equal values need not have equal bytes: how a string or a number is
 * represented in memory shows, and so does the order in which properties were added.
 */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0 || isDeepStrictEqual(decodeValue(a), decodeValue(b))
}
