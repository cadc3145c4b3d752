import { SdError } from '@sd/core'
import { errorResponse, type Response } from './messages.ts'
import { toRpcError } from './rpc-error.ts'

/** An answer as text. What cannot be written becomes an error. */
export function formatAnswer(response: Response): string {
  try {
    return JSON.stringify(response)
  } catch (thrown) {
    return JSON.stringify(errorResponse(response.id, toRpcError(thrown)))
  }
}

/**
 * The answers to a batch as text. A hundred requests of a few bytes could ask for gigabytes: those that find no room
 * are told so.
 *
 * @param maxLength - bytes from which on there is no room. One answer by itself may have more.
 */
export function formatBatch(responses: readonly Response[], maxLength: number): string {
  let length = 0
  const answers = responses.map((response) => {
    const answer = length < maxLength ? formatAnswer(response) : undefined
    if (answer === undefined || (length > 0 && length + Buffer.byteLength(answer) > maxLength)) {
      return refuse(response, maxLength)
    }
    length += Buffer.byteLength(answer)
    return answer
  })
  return `[${answers.join(',')}]`
}

function refuse({ id }: Response, maxLength: number): string {
  const message = `This request was carried out, but its answer has no room: those to one batch may have ${maxLength} bytes. Ask for less, or not in a batch.`
  const error = new SdError('SD_CONTROL_BATCH', message, { maxLength })
  return JSON.stringify(errorResponse(id, toRpcError(error)))
}
