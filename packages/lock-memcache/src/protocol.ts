/** memcached's binary protocol, as far as a lock needs it: docs/protocol-binary.txt of memcached. */

/** What can be asked. */
export const opcodes = { get: 0x00, set: 0x01, add: 0x02, delete: 0x04, increment: 0x05 } as const

/** What can be answered. */
export const statuses = {
  ok: 0x00,
  notFound: 0x01,
  exists: 0x02,
  notANumber: 0x06,
  outOfMemory: 0x82,
} as const

/** One request. */
export interface MemcacheRequest {
  readonly opcode: number
  readonly key: string
  readonly extras?: Buffer
  readonly value?: string
  /** It is carried out only if the item's number is still this one. */
  readonly cas?: Buffer
}

/** Where a request has its CAS number: 8 bytes at the end of the header. */
export const CAS_OFFSET = 16

/** The first byte of each response. */
export const RESPONSE_MAGIC = 0x81

/** The extras of `set` and `add`. @param expiry - whole seconds; 0 would be for ever. */
export function storeExtras(expiry: number): Buffer {
  const extras = Buffer.alloc(8)
  extras.writeUInt32BE(expiry, 4)
  return extras
}

/**
 * The extras of `increment`.
 *
 * @param initial - what the number becomes when it is not there; it then stays for ever.
 */
export function incrementExtras(amount: number, initial: number): Buffer {
  const extras = Buffer.alloc(20)
  extras.writeBigUInt64BE(BigInt(amount), 0)
  extras.writeBigUInt64BE(BigInt(initial), 8)
  return extras
}
