import { readFile, rename, rm, writeFile } from 'node:fs/promises'

/** What a heartbeat file says. */
export interface Heartbeat {
  /** The daemon's name. */
  readonly name: string
  readonly pid: number
  /** Another one for each start of a daemon: pids come again. */
  readonly id: string
  readonly state: 'running' | 'stopping'
  /** When it was written: the time of day, as `Date.toISOString` has it. */
  readonly time: string
  /** Iterations of the loop that have ended. */
  readonly iterations: number
}

/**
 * Reads a heartbeat file, for whoever watches a daemon. How old it is: `Date.now() - Date.parse(time)`.
 *
 * @param file - a path, or a `file:` URL.
 * @returns undefined when there is no such file: the daemon does not run, or was never started.
 * @throws the system's error when it cannot be read, SyntaxError when it is no heartbeat.
 */
export async function readHeartbeat(file: string | URL): Promise<Heartbeat | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Heartbeat
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whoever reads the file finds the heartbeat before or this one, never half of it. */
export async function writeHeartbeat(file: string, heartbeat: Heartbeat): Promise<void> {
  const fresh = freshFile(file, heartbeat)
  try {
    await writeFile(fresh, `${JSON.stringify(heartbeat)}\n`)
    await rename(fresh, file)
  } catch (error) {
    // A full disk leaves half a file.
    await rm(fresh, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * Removes the file if it is this daemon's. A successor that writes its first heartbeat between the look and the
 * removal loses that one, and writes the next.
 */
export async function removeHeartbeat(file: string, id: string): Promise<void> {
  const found = await readHeartbeat(file)
  if (found?.id === id) await rm(file, { force: true })
}

/**
 * Removes what a daemon has left that was killed in the middle of a write: its half heartbeat, beside the whole one
 * that tells whose it is.
 */
export async function removeLeftover(file: string): Promise<void> {
  const previous = await readHeartbeat(file).catch(() => undefined)
  if (previous && !isAlive(previous.pid)) await rm(freshFile(file, previous), { force: true })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // There is such a process, but it belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** In the same directory, because only there a rename is atomic; a name of its own, because two may write. */
function freshFile(file: string, { pid }: Heartbeat): string {
  return `${file}.${pid}`
}
