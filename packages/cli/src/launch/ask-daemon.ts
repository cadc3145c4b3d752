import { basename } from 'node:path'
import type { Awaitable } from '@sd/core'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'
import { ownOptions } from '../run/read-own-words.ts'
import { type LoadedDaemon, loadDaemon } from './load-daemon.ts'
import { resolveProgram } from './resolve-program.ts'

/**
 * Loads a daemon that does not start, to learn something about it.
 *
 * @param given - its file, as the user has named it.
 * @param words - for the daemon, as `divideWords` gives them.
 * @throws as `resolveProgram` and `loadDaemon`, or what `work` throws.
 */
export async function askDaemon<Result>(
  given: string,
  words: readonly string[],
  out: Output,
  work: (loaded: LoadedDaemon, file: string) => Awaitable<Result>,
): Promise<Result> {
  const file = resolveProgram(given)
  const launcher = {
    command: [],
    daemonized: false,
    pidFile: undefined,
    verbose: false,
    describesOnly: true,
    logFile: (_: string, own: (() => string) | undefined) => own,
  }
  const loaded = await withProgress(out, `Loading ${basename(file)}`, () =>
    withoutPrinting(() => loadDaemon(file, words, Object.keys(ownOptions), launcher)),
  )
  try {
    return await work(loaded, file)
  } finally {
    endWhatIsLeft()
  }
}

/** What the program prints while it is loaded is not what was asked for: it goes to stderr. */
async function withoutPrinting<Result>(load: () => Promise<Result>): Promise<Result> {
  const { stdout, stderr } = process
  const { write } = stdout
  stdout.write = stderr.write.bind(stderr) as typeof write
  try {
    return await load()
  } finally {
    stdout.write = write
  }
}

/** Milliseconds after which what the program has left open is ended: all has been told by then. */
const LINGER = 500

/** The program may have opened whatever it likes, for a life that it will not have. */
function endWhatIsLeft(): void {
  setTimeout(() => process.stdout.write('', () => process.exit()), LINGER).unref()
}
