/** The same commands in four programs: `plugin` or `bare` node:net, computed by the `pool` or in the `daemon`. */
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createDaemon } from '@sd/core'
import { server } from '@sd/server'
import { workers } from '@sd/workers'
import { hash } from '../workers/hash.ts'

const [kind, place] = process.argv.slice(2)
const pattern = /^hash (\S+) (.*)$/
const withWorkers = createDaemon({ name: 'compare' }).use(workers({ hash: { worker: hash, size: 2 } }))

function compute(algorithm: string, text: string): string | PromiseLike<string> {
  if (place === 'pool') return withWorkers.workers.hash(algorithm, text)
  return createHash(algorithm).update(text).digest('hex')
}

if (kind === 'plugin') {
  withWorkers.use(server({ listen: { port: 0 }, concurrency: 64 })).setup((daemon) => {
    daemon.server.command(pattern, (_, [, algorithm = '', text = '']) => compute(algorithm, text))
  })
} else {
  const bare = createServer({ noDelay: true }, serveBare)
  withWorkers
    .setup(
      (daemon) =>
        new Promise<void>((resolve) => {
          bare.listen(0, '127.0.0.1', () => {
            daemon.log(`Listening on 127.0.0.1:${(bare.address() as AddressInfo).port}`)
            resolve()
          })
        }),
    )
    .teardown(() => void bare.close())
}
await withWorkers.run()

/** As one writes it by hand, without any limit. */
function serveBare(socket: Socket): void {
  let rest = ''
  let order: Promise<unknown> = Promise.resolve()
  socket.setEncoding('utf8')
  socket.on('error', () => {})
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const match = pattern.exec(line)
      if (!match) continue
      const answer = compute(match[1]!, match[2]!)
      if (typeof answer === 'string') socket.write(`${answer}\n`)
      else order = order.then(() => answer).then((value) => socket.write(`${value}\n`))
    }
  })
}
