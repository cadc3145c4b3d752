import { Script } from 'node:vm'

/** What V8 is to evaluate. */
export interface Evaluable {
  readonly source: string
  /** Whether the value comes as the only item of an array. */
  readonly boxed: boolean
}

/**
 * An expression, for a frame. Its value comes in an array: a string of many megabytes stays where it is, and is not sent
 * to be cut off here. What is no expression by itself (a statement, `this.#private`) is evaluated as it stands.
 */
export function inFrame(text: string): Evaluable {
  const source = `[(${text}\n)]`
  return canBeParsed(source) ? { source, boxed: true } : { source: text, boxed: false }
}

/**
 * An expression, or statements, for the global scope, with a parameter of its own. `await` may be in an expression. It makes a
 * promise of an array with the value: whoever is to wait for it must do so from the beginning, or a rejection would be one
 * that nobody handles.
 *
 * @param value - what the parameter is.
 */
export function inGlobalScope(text: string, parameter: string, value: string): string {
  const expression = `async (${parameter}) => [await (${text}\n)]`
  const statements = `async (${parameter}) => [await eval(${JSON.stringify(text)})]`
  return `(${canBeParsed(expression) ? expression : statements})(${value})`
}

function canBeParsed(source: string): boolean {
  try {
    new Script(source)
    return true
  } catch {
    return false
  }
}
