import v8 from 'node:v8'

/**
 * A message as bytes, behind `headroom` bytes that the caller fills in.
 *
 * @throws DOMException `DataCloneError` when structured clone does not take the message.
 */
export function encodeMessage(message: unknown, headroom: number): Buffer {
  const serializer = new MessageSerializer()
  serializer.writeRawBytes(Buffer.alloc(headroom))
  serializer.writeHeader()
  serializer.writeValue(message)
  return serializer.releaseBuffer()
}

/**
 * The message that {@link encodeMessage} made.
 *
 * @throws Error when the bytes are no message.
 */
export function decodeMessage(bytes: Buffer): unknown {
  const deserializer = new MessageDeserializer(bytes)
  deserializer.readHeader()
  return deserializer.readValue()
}

class MessageSerializer extends v8.DefaultSerializer {
  /** Used by Node, now as a function and now with `new`, for what cannot be cloned; its own makes a plain Error. */
  _getDataCloneError: (message: string) => DOMException = dataCloneError
}

function dataCloneError(message: string): DOMException {
  return new DOMException(message, 'DataCloneError')
}

class MessageDeserializer extends v8.DefaultDeserializer {
  /** Node's own makes typed arrays that show the whole received chunk as their `.buffer`. */
  _readHostObject(): NodeJS.ArrayBufferView {
    // @ts-expect-error: documented for subclasses, missing in the types
    const view: NodeJS.ArrayBufferView = super._readHostObject()
    if (Buffer.isBuffer(view) || view.byteLength === view.buffer.byteLength) return view
    const own = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)
    return new (view.constructor as new (buffer: ArrayBufferLike) => NodeJS.ArrayBufferView)(own)
  }
}
