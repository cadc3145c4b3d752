import { SdError } from '@sd/core'

/** @param maxInput - bytes. */
export function inputTooLong(maxInput: number): SdError {
  const message = `The client sent a message of more than ${maxInput} bytes. Raise maxInput if such messages are meant to be.`
  return new SdError('SD_SERVER_INPUT', message, { maxInput })
}
