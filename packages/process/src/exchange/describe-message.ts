/** Characters of a text that are shown. */
const LONGEST = 50

/** What a message looks like from outside: what another process has sent may be of any size, and hold anything. */
export function describeMessage(message: unknown): string {
  if (Array.isArray(message))
    return `an array of ${message.length} that begins with ${describeValue(message[0])}`
  return describeValue(message)
}

function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, LONGEST))
    case 'object':
      return value === null ? 'null' : 'an object'
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    default:
      return String(value).slice(0, LONGEST)
  }
}
