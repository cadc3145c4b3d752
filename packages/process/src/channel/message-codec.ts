import { holdsHostObject } from './host-object.ts'

/** A message in structured clone's own format, and the large binary data that is not part of it. */
export interface EncodedMessage {
  readonly bytes: Buffer
  readonly attachments: readonly NodeJS.ArrayBufferView[]
}

/**
 * A message as bytes, behind `headroom` bytes that the caller fills in.
 *
 * @param attachFrom - binary data of that many bytes or more is left out, and returned as an attachment.
 * @throws DOMException `DataCloneError` when structured clone does not take the message.
 */
export function encodeMessage(
  message: unknown,
  headroom: number,
  attachFrom: number = Number.POSITIVE_INFINITY,
): EncodedMessage {
  if (holdsHostObject(message)) throw dataCloneError('An object of the platform could not be cloned.')
  const serializer = new (loadCodec().MessageSerializer)(attachFrom)
  serializer.writeRawBytes(Buffer.alloc(headroom))
  serializer.writeHeader()
  serializer.writeValue(message)
  return { bytes: serializer.releaseBuffer(), attachments: serializer.attachments }
}

/**
 * The message that {@link encodeMessage} made, or that was written as JSON; no bytes are `undefined`. Keeps no
 * reference to `bytes`.
 *
 * @param attachments - the contents of its attachments.
 * @throws Error when the bytes are no message.
 */
export function decodeMessage(bytes: Buffer, attachments: readonly ArrayBuffer[] = []): unknown {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== CODEC_MARK) return JSON.parse(bytes.toString()) as unknown
  const deserializer = new (loadCodec().MessageDeserializer)(bytes, attachments)
  deserializer.readHeader()
  return deserializer.readValue()
}

/** How binary data is written: its type, whether its contents are attached, their length, the contents. */
const INLINE = 0
const ATTACHED = 1

/** The types of binary data; the position is the number on the wire. `Buffer` is Node's own kind of Uint8Array. */
const TYPES: readonly string[] = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]

/** The first byte of what V8's serializer writes; no text in UTF-8 has it. */
const CODEC_MARK = 0xff

type Codec = ReturnType<typeof createCodec>

/** Made when the first message needs it: to load `node:v8` takes 2 ms, which most children never need. */
let codec: Codec | undefined

function loadCodec(): Codec {
  codec ??= createCodec()
  return codec
}

function createCodec() {
  const v8 = process.getBuiltinModule('node:v8')

  class MessageSerializer extends v8.DefaultSerializer {
    readonly attachments: NodeJS.ArrayBufferView[] = []
    readonly #attachFrom: number

    constructor(attachFrom: number) {
      super()
      this.#attachFrom = attachFrom
    }

    /** Used by Node, now as a function and now with `new`, for what cannot be cloned; its own makes a plain Error. */
    _getDataCloneError: (message: string) => DOMException = dataCloneError

    /** Called by Node for binary data, and for what only Node itself knows how to clone. */
    _writeHostObject(value: NodeJS.ArrayBufferView): void {
      const type = TYPES.indexOf(Buffer.isBuffer(value) ? 'Buffer' : typeName(value))
      if (!ArrayBuffer.isView(value) || type < 0) {
        throw dataCloneError(`${Object.prototype.toString.call(value)} could not be cloned.`)
      }
      const attached = value.byteLength >= this.#attachFrom
      this.writeUint32(type)
      this.writeUint32(attached ? ATTACHED : INLINE)
      this.writeUint32(attached ? this.attachments.push(value) - 1 : value.byteLength)
      if (!attached) this.writeRawBytes(bytesOf(value))
    }
  }

  class MessageDeserializer extends v8.DefaultDeserializer {
    readonly #attachments: readonly ArrayBuffer[]

    constructor(bytes: Buffer, attachments: readonly ArrayBuffer[]) {
      super(bytes)
      this.#attachments = attachments
    }

    /** Called by Node where {@link MessageSerializer._writeHostObject} wrote. */
    _readHostObject(): NodeJS.ArrayBufferView {
      const type = TYPES[this.readUint32()]
      const place = this.readUint32()
      const lengthOrIndex = this.readUint32()
      const buffer = place === ATTACHED ? this.#attachments[lengthOrIndex] : this.#readInline(lengthOrIndex)
      const View = (globalThis as unknown as Record<string, ViewConstructor | undefined>)[type ?? '']
      if (!buffer || !View) throw new Error('It holds binary data that is none.')
      return type === 'Buffer' ? Buffer.from(buffer) : new View(buffer)
    }

    /** Copied, so that it neither shows nor keeps what came in the same chunk. */
    #readInline(length: number): ArrayBuffer {
      // Read before memory is taken for as much as somebody says that there is.
      const bytes = this.readRawBytes(length)
      const copy = new ArrayBuffer(length)
      new Uint8Array(copy).set(bytes)
      return copy
    }
  }

  return { MessageSerializer, MessageDeserializer }
}

function dataCloneError(message: string): DOMException {
  return new DOMException(message, 'DataCloneError')
}

type ViewConstructor = new (buffer: ArrayBuffer) => NodeJS.ArrayBufferView

function typeName(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

/** The contents of binary data, not copied. */
export function bytesOf(view: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
