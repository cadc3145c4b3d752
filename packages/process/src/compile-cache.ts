import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** Others may not write. */
const WRITABLE_BY_OTHERS = 0o022
/** In such a directory nobody renames or removes what belongs to somebody else. */
const STICKY = 0o1000

/**
 * The directory in which Node keeps the compiled code of children. What is in it is executed, so it is used
 * only when nobody but this user and root can put anything there, or replace a directory on the way to it.
 *
 * @returns undefined when there is no such directory: children then start without.
 */
export function findCompileCache(env: NodeJS.ProcessEnv = process.env): string | undefined {
  // Elsewhere the bits of the mode do not tell who may write.
  if (process.platform === 'win32') return undefined
  try {
    const directory = join(cacheHome(env), 'simple-daemon', 'compiled')
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const real = realpathSync(directory)
    return lineage(real).every(isOurs) ? real : undefined
  } catch {
    return undefined
  }
}

/** As the XDG Base Directory Specification has it; a relative path is to be ignored. */
function cacheHome({ XDG_CACHE_HOME: given }: NodeJS.ProcessEnv): string {
  if (given && isAbsolute(given)) return given
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
}

/** A path and all above it. */
function lineage(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [path, ...lineage(parent)]
}

function isOurs(directory: string): boolean {
  const { uid, mode } = lstatSync(directory)
  if (uid !== 0 && uid !== process.getuid!()) return false
  return (mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0
}
