/**
 * Where the standby thread begins: it waits for a console while nobody debugs, for the case that the main thread is in an
 * endless loop and hears nothing. Debugging is then begun in the middle of that loop, through the inspector.
 */
import { existsSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { listenOnPath } from '@sd/core/unix-socket'
import type { StandbyAnswer, StandbyData } from './standby-messages.ts'

/** Milliseconds until a main thread has answered that runs JavaScript. */
const ANSWER_TIME = 3000

/** Milliseconds that the hub's thread has to start. */
const HUB_TIME = 10_000

const { name, path } = workerData as StandbyData
const port = parentPort!
const server = createServer((socket) => void answer(socket))
let removeSocket = (): void => {}

let leaving = false

port.on('message', () => {
  leaving = true
  leave()
})

try {
  removeSocket = await listenOnPath(server, { path })
  port.postMessage('listening')
} catch {
  // Another daemon of this name has it.
  port.close()
}
if (leaving) leave()

function leave(): void {
  removeSocket()
  server.close()
  port.close()
}

async function answer(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  socket.end(`${JSON.stringify(await begin())}\n`)
}

async function begin(): Promise<StandbyAnswer> {
  const answer = (await askMainThread('begin')) as StandbyAnswer | undefined
  if (!answer)
    return { refused: 'Its main thread runs native code that cannot be interrupted: try again later.' }
  if ('refused' in answer) return answer
  const end = performance.now() + HUB_TIME
  while (!existsSync(answer.socket)) {
    if (performance.now() > end) return { refused: 'Debugging cannot begin: its thread does not start.' }
    await sleep(20)
  }
  await askMainThread('attach')
  return answer
}

/** @returns undefined when it does not answer. */
async function askMainThread(what: 'begin' | 'attach'): Promise<unknown> {
  // Loaded here: a thread that only waits does without.
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connectToMainThread()
  const expression = `globalThis[Symbol.for('sd.debugStandby')]?.get(${JSON.stringify(name)})?.${what}()`
  const answered = session
    .post('Runtime.evaluate', { expression, returnByValue: true, silent: true })
    .then(({ result, exceptionDetails }) =>
      exceptionDetails ? { refused: `Debugging cannot begin: ${result.description}` } : result.value,
    )
    .finally(() => session.disconnect())
  return Promise.race([answered.catch(() => undefined), sleep(ANSWER_TIME, undefined, { ref: false })])
}
