import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The packages of this library; what is written with it, and its examples, are the user's. */
const OWN_PACKAGE = /^@sd\/(?!example-)/

/** Knows which scripts are not the user's: Node's, and those of this library. */
export class InternalCode {
  /** The package that a directory belongs to. */
  readonly #packages = new Map<string, { root: string; own: boolean } | undefined>()
  /** The `file:` URLs, ending in `/`, of this library's code. */
  readonly #roots = new Set<string>()
  /** The user has breakpoints there. */
  readonly #opened = new Set<string>()

  /** @returns whether this is the first script of a package of ours. */
  add(url: string): boolean {
    const root = this.#rootOf(url)
    if (root === undefined || this.#roots.has(root)) return false
    this.#roots.add(root)
    return true
  }

  /** From now on the package of this script counts as the user's. @returns whether that is news. */
  open(url: string): boolean {
    const root = this.#rootOf(url) ?? (isInstalled(url) ? new URL('.', url).href : undefined)
    if (root === undefined || this.#opened.has(root)) return false
    this.#opened.add(root)
    return true
  }

  /** Whether it is not the user's: Node's, this library's, or of any package that is installed. */
  has(url: string): boolean {
    return this.isOwn(url) || (isInstalled(url) && ![...this.#opened].some((root) => url.startsWith(root)))
  }

  /** Whether it is Node's or this library's. */
  isOwn(url: string): boolean {
    if (!url.startsWith('file:')) return url.startsWith('node:') || url.startsWith('sd:') || url === ''
    const root = this.#rootOf(url)
    return root !== undefined && !this.#opened.has(root)
  }

  /** What V8 is to step over. @param except - the script in which a process stops at a point: V8 must stop there. */
  patterns(except: string): string[] {
    const roots = [...this.#roots].filter((root) => !this.#opened.has(root))
    const opened = [...this.#opened].map(escapePattern)
    const not = `(?!${[`${escapePattern(except)}$`, ...opened].join('|')})`
    return [
      '^node:',
      '^sd:',
      ...roots.map((root) => `^${not}${escapePattern(root)}`),
      `^${not}file:.*\\/node_modules\\/`,
    ]
  }

  /** `src/` or `dist/` of the package of ours that a script is in. */
  #rootOf(url: string): string | undefined {
    if (!url.startsWith('file:')) return undefined
    let path: string
    try {
      path = fileURLToPath(url)
    } catch {
      return undefined
    }
    const found = this.#packageOf(dirname(path))
    if (!found?.own) return undefined
    const root = ['src', 'dist']
      .map((name) => join(found.root, name, '/'))
      .find((dir) => path.startsWith(dir))
    return root && pathToFileURL(root).href
  }

  #packageOf(directory: string): { root: string; own: boolean } | undefined {
    if (this.#packages.has(directory)) return this.#packages.get(directory)
    const name = readPackageName(directory)
    const above = dirname(directory)
    const found =
      name !== undefined
        ? { root: directory, own: OWN_PACKAGE.test(name) }
        : above === directory
          ? undefined
          : this.#packageOf(above)
    this.#packages.set(directory, found)
    return found
  }
}

function isInstalled(url: string): boolean {
  return url.startsWith('file:') && url.includes('/node_modules/')
}

function readPackageName(directory: string): string | undefined {
  try {
    return String(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).name)
  } catch {
    return undefined
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
