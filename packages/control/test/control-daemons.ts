import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { type ControlOptions, control } from '@sd/control'
import { createDaemon, type DaemonBase, type Logger } from '@sd/core'
import { createSandbox, type Sandbox, waitUntil } from '@sd/testing'
import { connectRaw, type RawClient } from './raw-client.ts'

const SILENT: Logger = { debug() {}, info() {}, error() {}, fatal() {} }

/** Gives each test of a file a run directory, and daemons in the test's own process. */
export function controlDaemons() {
  let sandbox: Sandbox
  const ends: (() => unknown)[] = []
  const { SD_RUN_DIR } = process.env

  beforeEach(() => {
    sandbox = createSandbox()
    process.env.SD_RUN_DIR = sandbox.dir
  })

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    if (SD_RUN_DIR === undefined) delete process.env.SD_RUN_DIR
    else process.env.SD_RUN_DIR = SD_RUN_DIR
    // A daemon leaves nothing but the record of its life.
    for (const file of readdirSync(sandbox.dir)) if (file.endsWith('.life')) rmSync(join(sandbox.dir, file))
    await sandbox.assertNothingLeft({ emptyDir: true })
  })

  async function start(
    options: ControlOptions = {},
    name = 'poller',
    teardown: (daemon: DaemonBase) => void = () => {},
  ) {
    const daemon = createDaemon({ name, signals: false, logger: SILENT })
      .use(control(options))
      .teardown(teardown)
    let failed: unknown
    daemon.run().catch((error) => {
      failed = error
    })
    await waitUntil(() => daemon.state === 'running' || failed !== undefined, 'the daemon runs')
    if (failed) throw failed
    ends.push(() => daemon.stop())
    return daemon
  }

  async function connect(path = join(sandbox.dir, 'poller.sock')): Promise<RawClient> {
    const client = await connectRaw(path)
    ends.push(() => client.socket.destroy())
    return client
  }

  return { dir: () => sandbox.dir, start, connect }
}
