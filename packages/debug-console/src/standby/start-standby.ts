import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { openRunDirectory, runDirectory } from '@sd/core'
import { ownEntry } from '@sd/core/own-entry'
import type { StandbyData, StandbyTarget } from './standby-messages.ts'

/** Beside this file in the sources; below it in what is built. */
const MAIN: string = ownEntry(import.meta.url, './main.ts', './standby/main.js')

const KEY: unique symbol = Symbol.for('sd.debugStandby') as never

/**
 * Starts the thread that waits for a console while the main thread may hang.
 *
 * @param name - the daemon's.
 * @returns ends it.
 */
export async function startStandby(name: string, target: StandbyTarget): Promise<() => Promise<void>> {
  const path = join(await openRunDirectory(runDirectory()), `${name}.standby`)
  const place = globalThis as { [KEY]?: Map<string, StandbyTarget> }
  place[KEY] ??= new Map()
  const targets = place[KEY]
  targets.set(name, target)
  const thread = new Worker(MAIN, {
    workerData: { name, path } satisfies StandbyData,
    name: 'sd debug standby',
  })
  // A process that ends without a teardown leaves nothing there.
  const removeSocket = (): void => rmSync(path, { force: true })
  thread.once('message', () => process.once('exit', removeSocket))
  // Without it consoles attach as long as the main thread hears them.
  thread.on('error', () => {})
  const exited = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      process.off('exit', removeSocket)
      targets.delete(name)
      resolve()
    })
  })
  thread.unref()
  return async () => {
    thread.ref()
    thread.postMessage('leave')
    await exited
  }
}
