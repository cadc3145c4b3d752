import { isBuiltin } from 'node:module'
import { defineConfig, type Options } from 'tsup'
import { bundledLicenses } from './bundled-licenses.ts'

/**
 * The first statement of every file that is built: on an older Node anything may fail, with errors that say something else. It
 * must be read by those, and so must what is behind it.
 */
const NODE_CHECK = [
  '{ const [sdMajor, sdMinor] = process.versions.node.split(".").map(Number);',
  'if (sdMajor < 22 || (sdMajor === 22 && sdMinor < 18)) {',
  'process.stderr.write("Simple Daemon needs Node 22.18 or later, and this is Node " + process.versions.node + " (" + process.execPath + "). Install a newer one: https://nodejs.org\\n");',
  'process.exit(1);',
  '} }',
].join(' ')

/**
 * The one way every package is built: ES modules for Node, with source maps; types come from `tsc`.
 *
 * @param entry - output name (without extension) to source file.
 * @param more - what is particular to a package.
 */
export function packageBuild(
  entry: Record<string, string>,
  more: Options = {},
): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    dts: false,
    clean: true,
    silent: true,
    banner: { js: NODE_CHECK },
    plugins: [lightBuiltins],
    esbuildPlugins: [bundledLicenses],
    ...more,
  })
}

/** `import { a as b } from "fs"`, `import * as fs from "fs"` and `import fs from "fs"`, as esbuild prints them. */
const BUILTIN_IMPORT = /^import (?:\* as )?(\w+|\{[^}]+\}) from "(?:node:)?([\w/]+)";$/gm

/**
 * Built-in modules are taken from the process and not imported: for an import Node evaluates everything in
 * them that it otherwise loads on first use (`import 'node:fs'` loads 45 modules in 5 ms, which a worker
 * process would spend at each start).
 */
const lightBuiltins: NonNullable<Options['plugins']>[number] = {
  name: 'light-builtins',
  renderChunk: (code, { map = null }) => ({
    code: code.replace(BUILTIN_IMPORT, (statement, names: string, module: string) =>
      isBuiltin(module)
        ? `const ${names.replaceAll(' as ', ': ')} = process.getBuiltinModule("node:${module}");`
        : statement,
    ),
    map,
  }),
}
