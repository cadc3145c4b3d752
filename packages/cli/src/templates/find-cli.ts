import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listAbove } from './find-project.ts'

/** This very program: source beside source, built beside built. */
const MAIN: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : './main.js', import.meta.url),
)

/**
 * The program `sd-cli`, by the path under which the daemon's own project has it, if it has: package managers keep
 * the real files in directories that change their names with each version.
 *
 * @param file - the daemon's.
 */
export function findCli(file: string): string {
  const candidates = listAbove(dirname(file)).map((above) => join(above, 'node_modules/@sd/cli/dist/main.js'))
  return candidates.find((path) => isSame(path, MAIN)) ?? MAIN
}

/** Whether this program was fetched for one call only, and will be gone some day. */
export function isFleeting(cli: string): boolean {
  return cli.includes('/_npx/') || cli.includes('/dlx-')
}

function isSame(path: string, other: string): boolean {
  try {
    return realpathSync(path) === realpathSync(other)
  } catch {
    return false
  }
}
