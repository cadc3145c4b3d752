import { connect } from 'node:net'
import { SdError } from '@sd/core'
import type { StandbyAnswer } from '../standby/standby-messages.ts'

/** Milliseconds: the daemon's machine may be busy with what it hangs in. */
const LIMIT = 20_000

/** Characters of the longest answer. */
const LONGEST = 64 * 1024

/**
 * Asks the standby thread of a daemon for its console: for a daemon whose main thread hangs, and cannot be asked.
 *
 * @param standbySocket - `NAME.standby` in its run directory.
 * @returns the socket for `attachConsole`.
 * @throws SdError `SD_DEBUG_CONSOLE_STANDBY` when there is none, with the reason.
 */
export async function requestConsole(standbySocket: string): Promise<string> {
  const text = await readAnswer(standbySocket)
  try {
    const answer = JSON.parse(text) as StandbyAnswer
    if ('socket' in answer && typeof answer.socket === 'string') return answer.socket
    throw standbyError(String((answer as { refused?: unknown }).refused))
  } catch (error) {
    throw error instanceof SdError ? error : standbyError('it has not answered')
  }
}

function readAnswer(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(path)
    const timer = setTimeout(() => socket.destroy(), LIMIT)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > LONGEST) socket.destroy()
    })
    socket.on('error', ({ message }) => reject(standbyError(message)))
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
}

function standbyError(why: string): SdError {
  return new SdError('SD_DEBUG_CONSOLE_STANDBY', `The daemon's standby thread gives no console: ${why}`, {})
}
