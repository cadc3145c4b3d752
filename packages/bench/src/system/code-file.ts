import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The path of one of the benchmark's files: TypeScript where it runs as sources, JavaScript where it is built.
 *
 * @param path - from `src`, without its extension.
 */
export function codeFile(path: string): string {
  return fileURLToPath(new URL(`../${path}${extname(import.meta.url)}`, import.meta.url))
}
