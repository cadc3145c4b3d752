/**
 * Where the agent of a child process begins: a thread beside the main thread, with a debugger for that and a connection to
 * the hub. It works, and ends, whatever the main thread does.
 */
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { JsonLines } from '../protocol/json-lines.ts'
import {
  type AgentRequest,
  type FromAgent,
  type Hello,
  PROTOCOL,
  type ProcessRequests,
} from '../protocol/messages.ts'
import { ThreadDebugger } from './thread-debugger.ts'

/** What the thread is started with. */
export interface AgentData {
  /** The hub's socket. */
  readonly socket: string
  /** `DISCONNECTED` once the debugger has let go of the main thread. */
  readonly state: Int32Array
}

const { socket: path, state } = workerData as AgentData
const socket = connect(path)
const hub = new JsonLines<AgentRequest, FromAgent | Hello>(socket, onRequest, () => void leave())
const debug = new ThreadDebugger({
  onStop: (stop) => hub.send({ event: 'stop', stop }),
  onGoing: () => hub.send({ event: 'going' }),
  onBound: (breakpoint, place) => hub.send({ event: 'bound', breakpoint, place }),
  onUnmet: (breakpoint, error) => hub.send({ event: 'unmet', breakpoint, error }),
})
let leaving: Promise<void> | undefined

// The main thread ends, or is told that debugging has ended.
parentPort!.on('message', (message) => {
  if (message === 'exit') parentPort!.close()
  else void leave()
})

socket.once('connect', () => {
  debug.open().then(
    () => hub.send({ protocol: PROTOCOL, role: 'agent', pid: process.pid }),
    () => void leave(),
  )
})

/** What the hub can ask for. */
const ASKABLE: ReadonlySet<string> = new Set([
  'configure',
  'pause',
  'resume',
  'where',
  'list',
  'locals',
  'args',
  'evaluate',
  'inspect',
  'heap',
] satisfies (keyof ProcessRequests)[])

function onRequest({ id, ask, with: args }: AgentRequest): void {
  const answer = ASKABLE.has(ask)
    ? (debug[ask] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
    : Promise.reject(new Error(`Nobody can be asked to "${ask}".`))
  answer.then(
    (value) => {
      hub.send({ id, answer: value ?? null })
      // The hub has said where to stop: the process may begin.
      if (ask === 'configure') parentPort!.postMessage('ready')
    },
    (error) => hub.send({ id, failure: error instanceof Error ? error.message : String(error) }),
  )
}

/** The process goes on as if nobody had been there. */
function leave(): Promise<void> {
  leaving ??= (async () => {
    await debug.close()
    Atomics.store(state, 0, 1)
    Atomics.notify(state, 0)
    hub.end()
    // A thread must not end before the main thread has taken notice that its debugger is gone: Node would abort.
    parentPort!.postMessage('left')
  })()
  return leaving
}
