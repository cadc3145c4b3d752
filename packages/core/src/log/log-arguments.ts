import { formatValues, isError } from '../format-values.ts'

/** What a logging function was given, put in order. */
export interface LogArguments {
  /** All but the label, as `console.log` would print it. */
  readonly text: string
  /** The second value, where it is a string. */
  readonly label: string | undefined
  /** The first value that is an error. */
  readonly error: Error | undefined
}

/** A logging function: `log('done', 'mail')` has a label, `log('done', { sent: 3 })` prints both. */
export interface LogFunction {
  /** @param label - in the log's column Label. */
  (message: string, label?: string): void
  /** Any values: the second is the label if it is a string, all others are printed as `console.log` would. */
  (...values: unknown[]): void
}

/** Reads the arguments of a {@link LogFunction}. Never throws. */
export function readLogArguments(values: readonly unknown[]): LogArguments {
  const { printed, label } = takeLabel(values)
  return { text: formatValues(printed), label, error: printed.find(isError) }
}

/** The same arguments, with a label where they have none. */
export function withLabel(values: readonly unknown[], label: string): unknown[] {
  const { printed, label: own = label } = takeLabel(values)
  return [printed[0], own, ...printed.slice(1)]
}

function takeLabel(values: readonly unknown[]): { printed: unknown[]; label: string | undefined } {
  if (values.length === 0) return { printed: [''], label: undefined }
  const [first, second, ...more] = values
  if (typeof second === 'string') return { printed: [first, ...more], label: second }
  // Who passes an optional label on passes undefined.
  const isLeftOut = second === undefined && more.length === 0
  return { printed: isLeftOut ? [first] : [first, second, ...more], label: undefined }
}
