import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Project } from './service-program.ts'

const LOCK_FILES = ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock'] as const

/** The project that a file belongs to: the nearest directory with a package.json, else the file's own. */
export function findProject(file: string): Project {
  const own = dirname(file)
  const directory = listAbove(own).find((above) => existsSync(join(above, 'package.json'))) ?? own
  return { directory, lockFile: LOCK_FILES.find((name) => existsSync(join(directory, name))) }
}

/** A directory, and all above it. */
export function listAbove(directory: string): string[] {
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...listAbove(above)]
}
