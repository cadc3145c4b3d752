/**
 * Proves what a user would install: packs every publishable package, asks publint and Are The Types Wrong about
 * the tarballs, then installs them together into an empty project outside of the repository, where Node imports
 * and requires every entry point, the compiler reads the types, and daemons run: with a worker process, and launched,
 * asked and debugged by the packed command line.
 * Third-party packages are linked from this repository, so that it works offline.
 */
import { cpSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type CommandResult, runCommand } from './run-command.ts'
import { listEntryPoints, listPackages, readPackage, root } from './workspace.ts'

const packages = [
  ...listPackages().filter(({ manifest }) => !manifest.private),
  // What authors of plugins copy must hold, too. It is private so that it is not published from here.
  readPackage('examples/third-party-plugin'),
]
const entryPoints = packages.flatMap(listEntryPoints).map(({ name }) => name)
const consumer = mkdtempSync(join(tmpdir(), 'sd-packed-'))
const bin = join(root, 'node_modules', '.bin')
let failures = 0

try {
  const tarballs = new Map(await Promise.all(packages.map(pack)))
  await Promise.all([...tarballs.values()].flatMap(lintTarball))
  await useTarballs(tarballs)
} finally {
  rmSync(consumer, { recursive: true, force: true })
}
console.log(`${packages.length} packages, ${entryPoints.length} entry points`)
process.exitCode = failures === 0 ? 0 : 1

/** @returns the package's name and its tarball. */
async function pack({ folder, manifest }: (typeof packages)[number]): Promise<[string, string]> {
  const missing = ['README.md', 'dist'].filter((name) => !existsSync(join(folder, name)))
  if (missing.length > 0) fail(manifest.name, `has no ${missing.join(' and no ')}`)
  const tarball = join(consumer, `${manifest.name.replace('@', '').replace('/', '-')}.tgz`)
  expectOk(`pack ${manifest.name}`, await runCommand(['pnpm', 'pack', '--out', tarball], { cwd: folder }))
  const { output } = await runCommand(['tar', '-tzf', tarball])
  const contents = output.split('\n')
  for (const name of ['LICENSE', 'src/index.ts', 'dist/index.js', 'dist/index.js.map', 'dist/index.d.ts']) {
    if (!contents.includes(`package/${name}`)) fail(manifest.name, `its tarball lacks ${name}`)
  }
  return [manifest.name, tarball]
}

function lintTarball(tarball: string): Promise<boolean>[] {
  const commands = [
    [join(bin, 'publint'), 'run', tarball, '--strict'],
    [join(bin, 'attw'), '--profile', 'esm-only', '--no-definitely-typed', '--no-color', tarball],
  ]
  return commands.map(async (command) =>
    expectOk(`${basename(command[0]!)} ${basename(tarball)}`, await runCommand(command, { cwd: root })),
  )
}

async function useTarballs(tarballs: ReadonlyMap<string, string>): Promise<void> {
  cpSync(join(root, 'scripts', 'consumer'), consumer, { recursive: true })
  const dependencies = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]))
  writeJson('package.json', { name: 'consumer', private: true, type: 'module', dependencies })
  // JSON is YAML, too.
  writeJson('pnpm-workspace.yaml', { overrides: { ...linkThirdParties(), ...dependencies } })
  const install = ['pnpm', 'install', '--offline', '--ignore-scripts', '--reporter=append-only']
  if (!expectOk('install', await runCommand(install, { cwd: consumer }))) return

  const specifiers = JSON.stringify(entryPoints)
  write('import-all.js', `for (const name of ${specifiers}) await import(name)\n`)
  write('require-all.cjs', `for (const name of ${specifiers}) require(name)\n`)
  write('import-all.ts', entryPoints.map((name, n) => `export * as e${n} from '${name}'\n`).join(''))
  for (const resolution of ['nodenext', 'bundler'])
    writeJson(`tsconfig.${resolution}.json`, types(resolution))

  const tsc = join(bin, 'tsc')
  await Promise.all([
    use('import every entry point', ['node', 'import-all.js']),
    use('require every entry point', ['node', 'require-all.cjs']),
    use('one copy for import and require', ['node', 'same-copy.cjs']),
    use('types, nodenext', [tsc, '-p', 'tsconfig.nodenext.json']),
    use('types, bundler', [tsc, '-p', 'tsconfig.bundler.json']),
    use('a daemon with a worker', ['node', 'daemon.ts'], 'twice 21 is 42'),
    use('a daemon that is operated', ['node', 'operate.ts'], 'operated'),
  ])
}

async function use(what: string, command: string[], expected = ''): Promise<void> {
  const result = await runCommand(command, { cwd: consumer, timeout: 120_000 })
  if (expectOk(what, result) && !result.output.includes(expected)) fail(what, result.output)
}

/** All that the packages themselves depend on, from where this repository's installation has it. */
function linkThirdParties(): Record<string, string> {
  const links: Record<string, string> = {}
  for (const { folder, manifest } of packages) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      const [installed] = globSync(join(folder, 'node_modules', name, 'package.json'))
      if (!name.startsWith('@sd/') && installed) links[name] = `link:${join(folder, 'node_modules', name)}`
    }
  }
  return links
}

/** Declarations are checked as well: a user may not have `skipLibCheck`. */
function types(moduleResolution: string): object {
  const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
  return {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module,
      moduleResolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    files: ['daemon.ts', 'importer.ts', 'operate.ts', 'import-all.ts'],
  }
}

function write(file: string, text: string): void {
  writeFileSync(join(consumer, file), text)
}

function writeJson(file: string, value: unknown): void {
  write(file, JSON.stringify(value, undefined, 2))
}

function expectOk(what: string, { ok, output }: CommandResult): boolean {
  if (!ok) fail(what, output)
  return ok
}

function fail(what: string, why: string): void {
  failures++
  console.log(`${what}: ${why.trim()}\n`)
}
