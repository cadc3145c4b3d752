/**
 * Where the hub begins: a thread of the daemon's process, which debugs the main thread, and to which the agents of the
 * child processes and the console connect. It works while the main thread is paused.
 */
import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { listenOnPath } from '@sd/core/unix-socket'
import type { FromHub, HubData, ToHub } from '../protocol/thread-messages.ts'
import { Hub } from './hub.ts'

const data = workerData as HubData
const port = parentPort!
const tell = (message: FromHub): void => {
  port.postMessage(message)
  if (message.type !== 'ended') return
  // The main thread may hang, and the next console come before it has read that.
  removeSocket()
  server.close()
  Atomics.store(data.state, 1, 1)
}
const server = createServer()
const hub = new Hub(data, tell)
let removeSocket = (): void => {}
let leaving = false

port.on('message', (message: ToHub) => {
  switch (message.type) {
    case 'output':
      return hub.onOutput(message.text)
    case 'print':
      return hub.print(message.text)
    case 'renewals':
      return hub.onRenewals(message.renewals)
    case 'inspector':
      return hub.onInspector(message.pid, message.address)
    case 'commandEnded':
      return hub.onCommandEnded(message.run, message.text)
    case 'commands':
      return hub.onCommands(message.commands)
    case 'exit':
      return port.close()
    case 'leave':
      return void leave()
  }
})

try {
  await hub.open(server)
  removeSocket = await listenOnPath(server, { path: data.socket })
  tell({ type: 'ready' })
} catch (error) {
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  void leave()
}

async function leave(): Promise<void> {
  if (leaving) return
  leaving = true
  removeSocket()
  server.close()
  await hub.close()
  Atomics.store(data.state, 0, 1)
  Atomics.notify(data.state, 0)
  // A thread must not end before the main thread has taken notice that its debugger is gone: Node would abort.
  tell({ type: 'left' })
}
