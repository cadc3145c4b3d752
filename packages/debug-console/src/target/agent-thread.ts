import { Worker } from 'node:worker_threads'

/** Milliseconds until a process begins without its debugger. */
const START_TIME = 5000

/** Milliseconds that the debugger has to let go of a process that ends: beyond that, Node says that it waits for it. */
const END_TIME = 200

/**
 * Starts a thread that debugs this one.
 *
 * @param file - where it begins.
 * @param data - what it is given, beside `state`.
 * @returns ends it.
 */
export async function startAgentThread(file: URL, data: object): Promise<() => Promise<void>> {
  const state = new Int32Array(new SharedArrayBuffer(4))
  // It needs no flags of this process's, but those that say where sources are.
  const thread = new Worker(file, { workerData: { ...data, state }, name: 'sd debugger' })
  const leave = (): void => {
    if (Atomics.load(state, 0) !== 0) return
    thread.postMessage('leave')
    Atomics.wait(state, 0, 0, END_TIME)
  }
  process.once('exit', leave)
  const exited = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      process.off('exit', leave)
      resolve()
    })
  })
  thread.on('message', (message) => {
    if (message === 'left') setImmediate(() => thread.postMessage('exit'))
  })
  // Without its debugger a process works all the same.
  thread.on('error', () => {})
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, START_TIME)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    thread.once('message', done)
    thread.once('exit', done)
  })
  thread.unref()
  return async () => {
    thread.postMessage('leave')
    await exited
  }
}
