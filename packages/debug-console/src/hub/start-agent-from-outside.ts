/** Milliseconds. */
const LIMIT = 10_000

/** Beside this package's other entries, in the sources as in what is built. */
const AGENT: URL = new URL(
  import.meta.url.endsWith('.ts') ? '../agent/main.ts' : '../agent/main.js',
  import.meta.url,
)

/**
 * Starts an agent in a process whose main thread does not listen, through its inspector: that takes an expression also in
 * the middle of an endless loop, and a thread needs nothing of the main thread to run.
 *
 * @param address - of the inspector.
 * @param socket - the hub's.
 */
export function startAgentFromOutside(address: string, socket: string): Promise<void> {
  const expression = `{
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    const state = new Int32Array(new SharedArrayBuffer(4))
    const agent = new Worker(new URL(${JSON.stringify(AGENT.href)}), { workerData: { socket: ${JSON.stringify(socket)}, state }, name: 'sd debugger' })
    agent.on('error', () => {})
    agent.on('message', (message) => message === 'left' && setImmediate(() => agent.postMessage('exit')))
    agent.unref()
  }`
  return new Promise((resolve, reject) => {
    const inspector = new WebSocket(address)
    const end = (error?: Error): void => {
      clearTimeout(timer)
      inspector.close()
      if (error) reject(error)
      else resolve()
    }
    const timer = setTimeout(() => end(new Error('Its inspector does not answer.')), LIMIT).unref()
    inspector.addEventListener('error', () => end(new Error('Its inspector cannot be reached.')))
    inspector.addEventListener('open', () =>
      inspector.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })),
    )
    inspector.addEventListener('message', ({ data }) => {
      try {
        const { id, result } = JSON.parse(String(data)) as {
          id?: number
          result?: { exceptionDetails?: object }
        }
        if (id === 1) end(result?.exceptionDetails ? new Error('No thread can be started there.') : undefined)
      } catch {
        end(new Error('What listens there is no inspector.'))
      }
    })
  })
}
