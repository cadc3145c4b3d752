import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the scripts read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Record<string, string | Record<string, string>>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

/** A package of this repository. */
export interface WorkspacePackage {
  readonly folder: string
  readonly manifest: Manifest
}

/** The repository's folder. */
export const root: string = dirname(import.meta.dirname)

/** All packages below `packages/`. */
export function listPackages(): WorkspacePackage[] {
  return globSync('packages/*', { cwd: root })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort()
    .map(readPackage)
}

/** @param folder - relative to the repository's. */
export function readPackage(folder: string): WorkspacePackage {
  const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8')
  return { folder: join(root, folder), manifest: JSON.parse(manifest) as Manifest }
}

/**
 * What a user imports: `@sd/process` and `@sd/process/child`, but not `@sd/process/package.json`; and where its types
 * are.
 */
export function listEntryPoints({ manifest }: WorkspacePackage): { name: string; source: string }[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([path]) => path !== './package.json')
    .map(([path, target]) => ({
      name: manifest.name + path.slice(1),
      source: typeof target === 'string' ? target : (target['@sd/source'] ?? target.types ?? ''),
    }))
}
