import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What is done to one request. */
export interface Fault {
  readonly name: string
  /** Whether the server gets the request: before the answer is spoilt, not at all, or long after. */
  readonly request: 'forwarded' | 'swallowed' | 'delayed'
  /** What the client gets for it. */
  readonly answer: 'whole' | 'none' | 'half, then close' | 'half, then reset' | 'close' | 'reset'
  /** Done before the request is forwarded. */
  readonly before?: () => Promise<unknown>
  /** Done after the server has answered, before the client gets it. */
  readonly after?: () => Promise<unknown>
}

/** Stands between clients and a memcached, and knows where a request begins. */
export interface FaultProxy {
  readonly address: string
  /** The opcodes of all requests since the last call of {@link FaultProxy.arm}. */
  readonly opcodes: readonly number[]
  /** Applies the fault to the request with this number, counted from now and from 0. */
  arm(fault?: Fault, at?: number): void
  /** Connections of clients. */
  readonly connections: number
  stop(): Promise<void>
}

/** A header of the binary protocol, after which comes a body whose length it says. */
const HEADER = 24
const LENGTH_OFFSET = 8

/**
 * @param port - the memcached's.
 * @param delay - of requests that are delayed. Milliseconds.
 */
export async function startFaultProxy(port: number, delay: number): Promise<FaultProxy> {
  let armed: { fault: Fault; at: number } | undefined
  let opcodes: number[] = []
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  const late = new Set<NodeJS.Timeout>()

  const track = (socket: Socket, set: Set<Socket>): Socket => {
    set.add(socket)
    return socket.on('error', () => {}).on('close', () => set.delete(socket))
  }

  const server = createServer((client) => {
    track(client, clients)
    const upstream = track(connect(port, '127.0.0.1'), sockets)
    /** For each answer that is still to come, what happens to it. */
    const waiting: (Fault | undefined)[] = []
    upstream.on('close', () => client.destroy())
    client.on('close', () => {
      if (!waiting.some((fault) => fault?.request === 'delayed')) upstream.destroy()
    })

    const forward = (request: Buffer, fault?: Fault): void => {
      if (fault?.request !== 'swallowed') waiting.push(fault)
      if (fault?.request === 'forwarded' || !fault) upstream.write(request)
      else if (fault.request === 'delayed') {
        const timer = setTimeout(() => {
          late.delete(timer)
          upstream.write(request)
        }, delay)
        late.add(timer)
      } else void answer(client, Buffer.alloc(0), fault)
    }
    let turn = Promise.resolve()
    splitFrames(client, (request) => {
      const fault = armed && opcodes.length === armed.at ? armed.fault : undefined
      opcodes.push(request[1]!)
      turn = turn.then(async () => {
        await fault?.before?.()
        forward(request, fault)
      })
    })
    splitFrames(upstream, (response) => {
      const fault = waiting.shift()
      if (fault) void answer(client, response, fault)
      else client.write(response)
      if (client.destroyed) upstream.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    get opcodes() {
      return opcodes
    },
    get connections() {
      return clients.size
    },
    arm(fault, at = 0) {
      armed = fault && { fault, at }
      opcodes = []
    },
    async stop() {
      for (const timer of late) clearTimeout(timer)
      for (const socket of [...sockets, ...clients]) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(client: Socket, response: Buffer, fault: Fault): Promise<void> {
  await fault.after?.()
  if (fault.answer === 'whole') client.write(response)
  const half = response.subarray(0, HEADER >> 1)
  const isHalf = fault.answer.startsWith('half')
  if (fault.answer.endsWith('close')) client.end(isHalf ? half : Buffer.alloc(0))
  if (fault.answer === 'reset') client.resetAndDestroy()
  if (fault.answer === 'half, then reset')
    client.write(half, () => setImmediate(() => client.resetAndDestroy()))
}

function splitFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const length =
        rest.length >= HEADER ? HEADER + rest.readUInt32BE(LENGTH_OFFSET) : Number.POSITIVE_INFINITY
      if (rest.length < length) return
      onFrame(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
  })
}
