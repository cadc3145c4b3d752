import { globSync, readFileSync } from 'node:fs'
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
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => ({
      folder: join(root, dirname(file)),
      manifest: JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest,
    }))
}

/** What a user imports: `@sd/process` and `@sd/process/child`, but not `@sd/process/package.json`. */
export function listEntryPoints({ manifest }: WorkspacePackage): { name: string; source: string }[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([path]) => path !== './package.json')
    .map(([path, target]) => ({
      name: manifest.name + path.slice(1),
      source: typeof target === 'string' ? target : (target['@sd/source'] ?? ''),
    }))
}
