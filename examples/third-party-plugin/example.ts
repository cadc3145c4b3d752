// A daemon with the plugin. It looks at its own heartbeat, and stops after 5 iterations: `node example.ts`.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDaemon } from '@sd/core'
import { heartbeat, readHeartbeat } from './src/index.ts'

const file = join(process.env.HEARTBEAT_DIR ?? tmpdir(), `heartbeat-example-${process.pid}.json`)

const daemon = createDaemon({ name: 'heartbeat-example', interval: 1000 })
  .use(heartbeat({ file, every: 'iteration' }))
  .execute(async (daemon) => {
    const { iterations, time } = (await readHeartbeat(file))!
    daemon.log(`${file} says: ${iterations} iterations at ${time}`)
    if (iterations >= 4) void daemon.stop()
  })

daemon.on('heartbeat', ({ state }) => daemon.log(`A heartbeat was written: ${state}`))

await daemon.run()

// The file goes with the daemon.
if (await readHeartbeat(file)) throw new Error(`${file} is still there.`)
console.log('The daemon has stopped, and its heartbeat file is gone.')
