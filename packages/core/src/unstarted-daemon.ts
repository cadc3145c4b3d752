import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Whether the program has started one of its daemons: then it knows how. */
const STARTED: unique symbol = Symbol.for('sd.hasStarted') as never
const place = globalThis as { [STARTED]?: boolean }

/**
 * Says so when the program comes to its end without having started its daemon: the end of a file is easily forgotten, and
 * nothing happens then. Only for a daemon that the program's main file makes: others may be made to be looked at.
 *
 * @param name - asked at the end.
 * @returns to be called when it is started, or stopped.
 */
export function noticeUnstarted(name: () => string): () => void {
  const main = mainFile()
  if (main === undefined || !isMadeBy(main)) return () => {}
  const tell = (): void => {
    // What has failed has said why.
    if (place[STARTED] || process.exitCode) return
    process.stderr.write(
      `The daemon "${name()}" was not started: nothing has called its run(). End its file with: await daemon.run()\n`,
    )
  }
  process.once('beforeExit', tell)
  return () => {
    noteStart()
    process.off('beforeExit', tell)
  }
}

/**
 * Tells that something else decides whether the program's daemons start: a command line that only shows help starts none, and
 * nothing is missing then.
 */
export function noteStart(): void {
  place[STARTED] = true
}

function mainFile(): string | undefined {
  try {
    return process.argv[1] && realpathSync(process.argv[1])
  } catch {
    return undefined
  }
}

/** Whether a file is among those whose code is running. */
function isMadeBy(file: string): boolean {
  const { stack = '' } = new Error()
  return stack.split('\n').some((line) => {
    const found = /\(?((?:file:\/\/)?\/[^()]+?):\d+:\d+\)?$/.exec(line)?.[1]
    return found !== undefined && toPath(found) === file
  })
}

function toPath(place: string): string {
  try {
    return place.startsWith('file:') ? fileURLToPath(place) : place
  } catch {
    return place
  }
}
