import { ApiError } from './api-error.ts'
import type { Answer, Update } from './results.ts'

/**
 * Reads what the service has sent. Nothing is believed before it is checked: half an answer must not be merged.
 *
 * @throws ApiError `malformed` when it is no JSON, or JSON of another kind.
 */
export function readAnswer(text: string): Answer {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('malformed', `The answer is no JSON: ${JSON.stringify(text.slice(0, 40))}`, { cause })
  }
  if (isAnswer(answer)) return answer
  throw new ApiError('malformed', `The answer has not the expected form: ${text.slice(0, 80)}`)
}

function isAnswer(value: unknown): value is Answer {
  const { cursor, updates } = Object(value) as Partial<Answer>
  return Number.isSafeInteger(cursor) && Array.isArray(updates) && updates.every(isUpdate)
}

function isUpdate(value: unknown): value is Update {
  const { id, customer, orders, revenue } = Object(value) as Partial<Update>
  return typeof customer === 'string' && [id, orders, revenue].every(Number.isSafeInteger)
}
