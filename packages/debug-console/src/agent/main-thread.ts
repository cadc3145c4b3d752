import type { Debugger, Runtime } from 'node:inspector'
import type { Session } from 'node:inspector/promises'

/** What the probe of a process is called there. */
export const PROBE = `globalThis[Symbol.for('sd.debugConsole')]`

/** Evaluates an expression of ours on the main thread, whatever that does. @returns a JSON value. */
export async function askMainThread(
  session: Session,
  expression: string,
  awaitPromise = false,
): Promise<unknown> {
  // The declarations do not know all that there is.
  const parameters: Runtime.EvaluateParameterType & { disableBreaks: boolean } = {
    expression: `${expression}\n//# sourceURL=sd:debug-console`,
    returnByValue: true,
    silent: true,
    disableBreaks: true,
    awaitPromise,
  }
  const { result, exceptionDetails } = await session.post('Runtime.evaluate', parameters)
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  return result.value
}

/** The script that a function of the main thread is in. @returns its id; empty where there is no such function. */
export async function findScriptOf(session: Session, expression: string): Promise<string> {
  const { result } = await session.post('Runtime.evaluate', { expression, silent: true })
  if (result.objectId === undefined) return ''
  const { internalProperties = [] } = await session.post('Runtime.getProperties', {
    objectId: result.objectId,
  })
  const location = internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value
  return (location as Debugger.Location | undefined)?.scriptId ?? ''
}
