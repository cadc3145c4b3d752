import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import {
  type Awaitable,
  type DaemonBase,
  installLauncher,
  type LaunchedDaemon,
  type Launcher,
  type StopReport,
} from '@sd/core'
import { argumentsOf, checkDaemonWords } from './daemon-words.ts'
import { findDaemon, severalDaemons } from './find-daemon.ts'

/** A daemon that was loaded from its file, and has not started. */
export interface LoadedDaemon {
  readonly daemon: DaemonBase
  readonly name: string
  /**
   * Starts it, and runs it until it has stopped, and its file has come to its end.
   *
   * @param prepare - called first, with the daemon about to start: may add plugins. What it throws is the start's error.
   */
  run(prepare: (launched: LaunchedDaemon) => Awaitable<void>): Promise<StopReport>
}

/**
 * Imports a daemon's file in this process, as if Node had been called with it. The daemon does not start, even
 * where the file calls `run()` itself: that call waits until {@link LoadedDaemon.run}.
 *
 * @param file - its absolute path.
 * @param words - for the daemon, as `divideWords` gives them: what the file finds in `process.argv` behind itself.
 * @param switches - the names of our own options, to be suggested.
 * @param launcher - what the daemon is to know of its launch.
 * @throws SdError `SD_CORE_ARGUMENTS` or `SD_CLI_USAGE` for wrong options, `SD_CLI_LOAD` when the file fails, `SD_CLI_NO_DAEMON`, `SD_CLI_SEVERAL_DAEMONS`.
 */
export async function loadDaemon(
  file: string,
  words: readonly string[],
  switches: readonly string[],
  launcher: Omit<Launcher, 'prepare'>,
): Promise<LoadedDaemon> {
  process.argv = [process.argv[0]!, file, ...argumentsOf(words)]
  const gate = new StartGate(file)
  installLauncher({ ...launcher, prepare: (launched) => gate.pass(launched) })
  // As Node does with the file that it is called with: what it imports is looked up from where it really is.
  const imported = import(pathToFileURL(realpathSync(file)).href).catch(async (error) => {
    // It has read its command line before it runs.
    if (error?.code === 'SD_CORE_ARGUMENTS') throw error
    throw (await import('./load-error.ts')).loadError(file, error)
  })
  // A file that runs its daemon is not imported before that has stopped.
  const daemon = await Promise.race([
    gate.firstDaemon,
    imported.then((exports) => gate.first ?? findDaemon(file, exports)),
  ])
  if (gate.hasSeveral) throw severalDaemons(file)
  checkDaemonWords(daemon, words, switches, !launcher.describesOnly)
  return {
    daemon,
    name: daemon.name,
    async run(prepare) {
      gate.open(daemon, prepare)
      const running = daemon.run()
      // As Node would end with what a file throws while its daemon runs. What the daemon itself fails with comes
      // this way, too, where the file waits for it.
      imported.catch(async (error) => {
        if (!(await hasSettled(running))) daemon.fatalError(error)
      })
      const report = await running
      await imported
      return report
    },
  }
}

async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  )
  const turn = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))
  return Promise.race([settled, turn])
}

/** A daemon that the program itself has made, launched as one from a file. */
export function adoptDaemon(
  daemon: DaemonBase,
  file: string,
  launcher: Omit<Launcher, 'prepare'>,
): LoadedDaemon {
  const gate = new StartGate(file)
  installLauncher({ ...launcher, prepare: (launched) => gate.pass(launched) })
  return {
    daemon,
    name: daemon.name,
    run(prepare) {
      gate.open(daemon, prepare)
      return daemon.run()
    },
  }
}

/** Where `run()` waits until the daemon may start. */
class StartGate {
  readonly #file: string
  readonly #opened: Promise<(launched: LaunchedDaemon) => Awaitable<void>>
  #open!: (prepare: (launched: LaunchedDaemon) => Awaitable<void>) => void
  #announce!: (daemon: DaemonBase) => void
  /** Whether another one wants to start, too. */
  hasSeveral = false
  /** The first daemon of the process that wants to start. */
  first: DaemonBase | undefined
  /** Resolves with it. */
  readonly firstDaemon: Promise<DaemonBase>

  constructor(file: string) {
    this.#file = file
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
    this.firstDaemon = new Promise((resolve) => {
      this.#announce = resolve
    })
  }

  open(daemon: DaemonBase, prepare: (launched: LaunchedDaemon) => Awaitable<void>): void {
    this.first ??= daemon
    this.#open(prepare)
  }

  async pass(launched: LaunchedDaemon): Promise<void> {
    this.first ??= launched.daemon
    if (this.first !== launched.daemon) {
      this.hasSeveral = true
      throw severalDaemons(this.#file)
    }
    this.#announce(launched.daemon)
    const prepare = await this.#opened
    await prepare(launched)
  }
}
