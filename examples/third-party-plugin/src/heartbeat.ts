import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { definePlugin, type Plugin, SdError, type Timer, toError } from '@sd/core'
import { type Heartbeat, removeHeartbeat, removeLeftover, writeHeartbeat } from './heartbeat-file.ts'
import { type HeartbeatOptions, resolveHeartbeatOptions } from './options.ts'

// With this line `daemon.on('heartbeat', ...)` is typed wherever the plugin is imported.
declare module '@sd/core' {
  interface DaemonEvents {
    /** A heartbeat was written. */
    heartbeat: Heartbeat
  }
}

/** `daemon.heartbeat`. */
export interface HeartbeatService {
  /** The file, as an absolute path. */
  readonly file: string
  /** What was written last. */
  readonly last: Heartbeat | undefined
  /**
   * Writes a heartbeat now, for an iteration that takes long on purpose. Resolves when it is written, or when that
   * has failed, which the log says. Does nothing while the daemon does not run.
   */
  beat(): Promise<void>
}

/** With `every: 'iteration'` the file is written at most once in so many milliseconds. */
const AT_MOST_EVERY = 500

/**
 * The plugin that writes a heartbeat file: as long as its time is recent, the daemon is alive. It is removed when
 * the daemon stops in order; one that grows old tells of a daemon that hangs, or was killed.
 *
 * @throws SdError `SD_HEARTBEAT_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'poller', interval: 3000 })
 *   .use(heartbeat({ file: '/run/poller/heartbeat.json', every: 'iteration' }))
 * ```
 */
export function heartbeat(options: HeartbeatOptions): Plugin<'heartbeat', HeartbeatService> {
  // Here, not in the factory: the error shows the line that the user wrote.
  const { file, every } = resolveHeartbeatOptions(options)

  return definePlugin('heartbeat', (host) => {
    const id = randomUUID()
    /** Aborted at the end: takes the listeners off. */
    const ended = new AbortController()
    let state: Heartbeat['state'] = 'running'
    let isOpen = false
    let iterations = 0
    let last: Heartbeat | undefined
    let written = 0
    let failures = 0
    let timer: Timer | undefined
    let writing = Promise.resolve()
    let waiting: Promise<void> | undefined

    async function write(): Promise<void> {
      const time = host.clock.date().toISOString()
      const beat: Heartbeat = { name: host.name, pid: process.pid, id, state, time, iterations }
      try {
        await writeHeartbeat(file, beat)
      } catch (cause) {
        const message = `The heartbeat cannot be written to ${file}: ${toError(cause).message}. As long as that is so, watchers will think that the daemon hangs.`
        throw new SdError('SD_HEARTBEAT_WRITE', message, { file, cause })
      }
      last = beat
      written++
      host.dispatch('heartbeat', beat)
    }

    /** A disk that is full must not end the daemon; the log hears of it once. */
    async function tryToWrite(): Promise<void> {
      try {
        await write()
        if (failures > 0) host.log(`The heartbeat is written again, after ${failures} failures`)
        failures = 0
      } catch (thrown) {
        if (failures++ === 0) host.error(toError(thrown))
      }
    }

    /** One write at a time. However many ask meanwhile, one more will do for them all. */
    function beat(): Promise<void> {
      if (!isOpen) return Promise.resolve()
      waiting ??= writing.then(() => {
        waiting = undefined
        writing = tryToWrite()
        return writing
      })
      return waiting
    }

    function beatEvery(delay: number): void {
      timer = host.clock.after(
        delay,
        () => {
          void beat()
          beatEvery(delay)
        },
        false,
      )
    }

    return {
      service: {
        file,
        get last() {
          return last
        },
        beat,
      },

      checkEnvironment: () => listMissing(file),

      // The first heartbeat must succeed: nobody wants to learn from a watcher that the disk is read-only.
      async setup() {
        await removeLeftover(file)
        await write()
        isOpen = true
        const { signal } = ended
        const count = (executed: { iteration: number }): void => {
          iterations = executed.iteration
        }
        host.on('postExecute', count, { signal })
        if (every === 'iteration') host.on('postExecute', beat, { signal, throttle: AT_MOST_EVERY })
        else beatEvery(every)
      },

      // No more iterations come; whoever watches is told why.
      async drain() {
        state = 'stopping'
        await beat()
      },

      // Also called when `setup` has failed.
      async teardown() {
        isOpen = false
        ended.abort()
        timer?.cancel()
        await waiting
        await writing
        await removeHeartbeat(file, id)
      },

      inspect: () => ({ file, every, written, failures, last: last?.time ?? null }),

      // A worker finds the file with `this.daemon('heartbeat')`.
      share: () => ({ file, id }),
    }
  })
}

/** In words that a person can act on; nothing has started yet. */
async function listMissing(file: string): Promise<string[]> {
  const directory = dirname(file)
  const isWritable = await access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable) return [`create the directory ${directory}, and let this user write there`]
  const found = await stat(file).catch(() => undefined)
  return found?.isDirectory() ? [`${file} is a directory: name a file for the heartbeat`] : []
}
