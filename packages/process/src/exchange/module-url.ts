import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * The URL of the module in which something is defined.
 *
 * @param module - `import.meta.url`, or `__filename` in CommonJS.
 * @returns undefined when it is neither.
 */
export function moduleUrl(module: unknown): string | undefined {
  if (module instanceof URL || (typeof module === 'string' && /^(file|data):/.test(module))) {
    return String(module)
  }
  return typeof module === 'string' && isAbsolute(module) ? pathToFileURL(module).href : undefined
}
