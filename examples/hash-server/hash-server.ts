import { getHashes } from 'node:crypto'
import { createDaemon } from '@sd/core'
import { server } from '@sd/server'
import { workers } from '@sd/workers'
import { hash } from './workers/hash.ts'

const algorithms = new Set(getHashes())

const daemon = createDaemon({ name: 'hash-server' })
  .use(workers({ hash: { worker: hash, size: 2 } }))
  .use(
    server({
      listen: { port: Number(process.env.PORT ?? 7000) },
      // So many of a client's commands are at the workers at once; the answers stay in order.
      concurrency: 64,
      onMessage: () => 'error: write hash <algorithm> <text>',
      onError: (error) => `error: ${error.message}`,
    }),
  )
  .setup((daemon) => {
    daemon.server.command(/^hash (\S+) (.*)$/, (_, [, algorithm = '', text = '']) => {
      if (!algorithms.has(algorithm)) return `error: there is no algorithm ${algorithm}`
      return daemon.workers.hash(algorithm, text)
    })
  })

export default daemon
await daemon.run()
