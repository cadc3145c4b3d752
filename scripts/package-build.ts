import { defineConfig } from 'tsup'

/**
 * The one way every package is built: ES modules for Node, with source maps; types come from `tsc`.
 *
 * @param entry - output name (without extension) to source file.
 */
export function packageBuild(entry: Record<string, string>): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    dts: false,
    clean: true,
    silent: true,
  })
}
