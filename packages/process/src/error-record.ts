/** An error as it travels between processes. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Its own properties, `code` among them, as far as they are plain values. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** Makes a record of anything that was thrown. */
export function recordError(thrown: unknown): ErrorRecord {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const facts = Object.entries(error).filter(([, value]) => isPlain(value))
  return {
    name: String(error.name),
    message: String(error.message),
    stack: error.stack,
    facts: Object.fromEntries(facts),
  }
}

/** The error again, with the stack it had where it was thrown. */
export function rebuildError(record: ErrorRecord): Error {
  const error = new Error(record.message)
  Object.assign(error, record.facts)
  Object.defineProperty(error, 'name', { value: record.name, configurable: true, writable: true })
  if (record.stack !== undefined) error.stack = record.stack
  return error
}

/** What someone sent as an error, if it is one. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  const record = value as Partial<ErrorRecord> | null
  return (
    typeof record === 'object' &&
    record !== null &&
    typeof record.name === 'string' &&
    typeof record.message === 'string' &&
    typeof record.facts === 'object'
  )
}

function isPlain(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value)
}
