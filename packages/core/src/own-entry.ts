import { fileURLToPath } from 'node:url'

/**
 * A module of a package's own that processes start with: source beside source, built beside built.
 *
 * @param module - `import.meta.url`; undefined in a CommonJS bundle.
 * @param source - where it is from there, in the sources.
 * @param built - the same in what is published.
 * @returns its file, which in a bundle is likely not to be there.
 */
export function ownEntry(module: string | undefined, source: string, built: string): string {
  if (module === undefined) return built
  return fileURLToPath(new URL(module.endsWith('.ts') ? source : built, module))
}

/**
 * Says how a program that is bundled can start what runs beside it.
 *
 * @param name - of the package whose file is missing.
 */
export function bundledWords(file: string, name: string): string {
  return `${file} is missing, which processes and threads of ${name} start with. If this program is a bundle: leave Simple Daemon out of it (esbuild --external:@sd/*, or --packages=external), and install it beside the bundle`
}
