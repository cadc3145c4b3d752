import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownProgram } from '../own-program.ts'
import { listAbove } from './find-project.ts'

/**
 * The program `sd-cli`, by the path under which the daemon's own project has it, if it has: package managers keep
 * the real files in directories that change their names with each version.
 *
 * @param file - the daemon's.
 */
export function findCli(file: string): string {
  const candidates = listAbove(dirname(file)).map((above) => join(above, 'node_modules/@sd/cli/dist/main.js'))
  const own = ownProgram()
  return candidates.find((path) => isSame(path, own)) ?? own
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
