/**
 * How the bytes of one client are cut into messages, and messages made into bytes. One object per client.
 * Bytes are pushed; messages are taken one at a time, so that what waits stays bytes.
 */
export interface Framing {
  /** Takes the next bytes. Called only while nothing is {@link pending}. */
  push(chunk: Buffer): void
  /**
   * The next complete message, without what marks its end.
   *
   * @throws SdError `SD_SERVER_INPUT` when the input is wrong, or a message longer than `maxInput`.
   */
  next(): Buffer | undefined
  /** Whether there are bytes that `next` has not looked at yet. */
  readonly pending: boolean
  /**
   * A message as it goes to the client.
   *
   * @throws Error when the client would not read it as one message.
   */
  encode(message: string | Uint8Array): string | Uint8Array
  /** Makes one message of a text that {@link encode} may refuse, for texts of errors. @default the text as it is */
  join?(text: string): string
  /** What a client is told whose input is wrong. @default nothing */
  complain?(error: Error): string
}

/**
 * Makes the framing of one client.
 *
 * @param maxInput - bytes that one message may have; the framing must not keep more.
 */
export type FramingFactory = (maxInput: number) => Framing
