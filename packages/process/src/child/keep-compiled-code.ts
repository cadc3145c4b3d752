import { flushCompileCache } from 'node:module'

/** Milliseconds after which most of what a child needs is loaded, and its first calls are done. */
const SETTLED = 2_000

/**
 * Has Node write the code that it compiled into its cache, for the next child. By itself it does so only at
 * an orderly end. Does nothing where there is no cache, and next to nothing when all was found in it.
 */
export function keepCompiledCode(): void {
  setTimeout(flushCompileCache, SETTLED).unref()
}
