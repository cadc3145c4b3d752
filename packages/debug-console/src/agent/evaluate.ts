import type { Debugger, Runtime } from 'node:inspector'
import type { Session } from 'node:inspector/promises'
import { describeItem, describeValue, MUCH } from './describe-value.ts'
import { inFrame, inGlobalScope } from './expression.ts'
import { PROBE } from './main-thread.ts'
import { withoutStack } from './without-stack.ts'

/**
 * Milliseconds that an expression of the user's may take. While it runs nobody can pause the process, or let it go on: one
 * that never ended would have it hang for ever.
 */
const EVALUATION_TIME = 4000

/** Milliseconds that V8 may need to end it. */
const TERMINATION_TIME = 500

/** What came of an expression of the user's, as text. */
export interface Evaluated {
  readonly text: string
  /** Whether that is what it has thrown. */
  readonly failed: boolean
}

/** Evaluates an expression of the user's where a frame is. Nothing stops in it, as V8 has it. */
export async function evaluateInFrame(
  session: Session,
  { callFrameId }: Debugger.CallFrame,
  text: string,
): Promise<Evaluated> {
  const { source, boxed } = inFrame(text)
  // The declarations do not know all that there is.
  const parameters: Debugger.EvaluateOnCallFrameParameterType & { timeout: number } = {
    callFrameId,
    expression: source,
    silent: true,
    timeout: EVALUATION_TIME,
  }
  const evaluated = await session.post('Debugger.evaluateOnCallFrame', parameters).catch(explainEnd)
  return describeEvaluated(session, evaluated, boxed)
}

/**
 * Evaluates an expression of the user's while the process runs. Nothing stops in it: V8 would count the time at the prompt,
 * too. What it waits for may stop.
 */
export async function evaluateInDaemon(session: Session, text: string): Promise<Evaluated> {
  const parameters: Runtime.EvaluateParameterType & { disableBreaks: boolean; timeout: number } = {
    expression: inGlobalScope(text, 'daemon', `${PROBE}?.daemon`),
    awaitPromise: true,
    silent: true,
    timeout: EVALUATION_TIME,
    disableBreaks: true,
  }
  const answer = session.post('Runtime.evaluate', parameters).catch(explainEnd)
  const evaluated = await withinMilliseconds(answer, EVALUATION_TIME + TERMINATION_TIME)
  if (evaluated) return describeEvaluated(session, evaluated, true)
  const waited = `A promise that is not settled after ${EVALUATION_TIME / 1000} s: nobody waits for it any more.`
  return { text: waited, failed: false }
}

async function describeEvaluated(
  session: Session,
  { result, exceptionDetails }: Runtime.EvaluateReturnType,
  boxed: boolean,
): Promise<Evaluated> {
  if (exceptionDetails) {
    const text = await describeValue(session, exceptionDetails.exception ?? result, MUCH)
    // Where it was thrown is here.
    return { text: withoutStack(text), failed: true }
  }
  const describe = boxed && result.objectId !== undefined ? describeItem : describeValue
  return { text: await describe(session, result, MUCH), failed: false }
}

function explainEnd(error: Error): never {
  // The second is what V8 says where a promise was to come of it.
  if (!/terminated|Internal error/.test(error.message)) throw error
  throw new Error(`It has not come to its end within ${EVALUATION_TIME / 1000} s, and was ended.`)
}

/** @returns undefined when that takes longer. */
async function withinMilliseconds<Result>(
  answer: Promise<Result>,
  time: number,
): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    // A thread that is to end does not wait for it.
    timer = setTimeout(() => resolve(undefined), time).unref()
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
