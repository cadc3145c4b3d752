import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { pathToFileURL } from 'node:url'

interface PackageFile {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The packages of Simple Daemon that this program uses, and their versions, as they are installed now. */
export function readPackageVersions(program: string | undefined = process.argv[1]): Record<string, string> {
  const versions: Record<string, string> = {}
  const add = (name: string, from: string): void => {
    const version = readPackage(() => findPackageJSON(name, from))?.version
    if (version !== undefined) versions[name] ??= version
  }
  const base = program === undefined ? undefined : pathToFileURL(program).href
  const own = base === undefined ? undefined : readPackage(() => findPackageJSON(base))
  for (const name of Object.keys(own?.dependencies ?? {})) if (name.startsWith('@sd/')) add(name, base!)
  for (const name of ['@sd/core', '@sd/control']) add(name, import.meta.url)
  return versions
}

function readPackage(find: () => string | undefined): PackageFile | undefined {
  try {
    const file = find()
    return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as PackageFile)
  } catch {
    // Not installed, or no package at all: a script in a bare directory.
    return undefined
  }
}
