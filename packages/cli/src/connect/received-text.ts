import { StringDecoder } from 'node:string_decoder'

/** A line that is longer is shown in pieces. Characters. */
const LONGEST_LINE = 64 * 1024

/** Makes lines out of the bytes that a server sends. */
export class ReceivedText {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  /** @returns the lines that are complete now, without their ends. */
  push(bytes: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
    this.#rest = lines.pop()!
    if (this.#rest.length > LONGEST_LINE) lines.push(this.takeRest()!)
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  }

  /** The beginning of a line whose end has not come; undefined: there is none. */
  takeRest(): string | undefined {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' ? undefined : rest
  }
}
