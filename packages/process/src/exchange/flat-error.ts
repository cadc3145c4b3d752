/** An error in a form that crosses a process boundary whole. */
export interface FlatError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Own properties, `code` among them. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly cause?: FlatError | { readonly value: unknown }
  /** The errors of an AggregateError. */
  readonly errors?: readonly FlatError[]
}

/** How deep what arrives as an error may be nested: more than is ever sent. */
const DEEPEST = 20

/** Whether something that came from another process is an error that can be put together again. */
export function isFlatError(value: unknown, depth = 0): value is FlatError {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return false
  const { name, message, stack, facts, cause, errors } = value as Partial<FlatError>
  return (
    [name, message, stack].every((text) => typeof text === 'string') &&
    typeof facts === 'object' &&
    facts !== null &&
    (cause === undefined ||
      (typeof cause === 'object' && cause !== null && ('value' in cause || isFlatError(cause, depth + 1)))) &&
    (errors === undefined ||
      (Array.isArray(errors) && errors.every((error) => isFlatError(error, depth + 1))))
  )
}
