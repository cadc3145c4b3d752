/**
 * Type-checks every TypeScript example of the documentation. Each fenced block ```ts becomes a file of its own
 * below `.snippets/`, at the same line as in its document, so that the compiler's errors point there. A block
 * that begins with a comment such as `// settings.ts` gets this name, for the document's other blocks to import.
 * ```ts no-check is left out.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCommand } from './run-command.ts'
import { listEntryPoints, listPackages, readPackage, root } from './workspace.ts'

const DOCUMENTS = ['*.md', 'packages/*/*.md', 'docs/**/*.md', 'examples/*/*.md']
const place = join(root, '.snippets')

/** One example of a document. */
interface Snippet {
  readonly file: string
  readonly text: string
}

rmSync(place, { recursive: true, force: true })
const documents = globSync(DOCUMENTS, { cwd: root, exclude: ['**/node_modules', '**/CHANGELOG.md'] })
let count = 0
for (const document of documents.sort()) {
  const snippets = findSnippets(readFileSync(join(root, document), 'utf8'))
  count += snippets.length
  if (snippets.length > 0) mkdirSync(join(place, document), { recursive: true })
  for (const { file, text } of snippets) writeFileSync(join(place, document, file), text)
}
if (count === 0) throw new Error(`No example was found in ${documents.length} documents.`)

writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(compilerSettings(), undefined, 2))
const { ok, output } = await runCommand(['tsc', '-p', '.snippets'], { cwd: root })
if (ok) rmSync(place, { recursive: true })
else console.log(output.replaceAll('.snippets/', ''))
console.log(`${count} examples of ${documents.length} documents`)
process.exitCode = ok ? 0 : 1

/** The blocks of a document, each with as many empty lines before it as there are lines above it. */
function findSnippets(document: string): Snippet[] {
  const snippets: Snippet[] = []
  for (const match of document.matchAll(/^```ts[ \t]*([^\n]*)\n(.*?)^```$/gms)) {
    const [fence, mark, code] = match
    if (mark?.trim() === 'no-check') continue
    const line = document.slice(0, match.index + fence.indexOf('\n')).split('\n').length
    const name = /^\/\/ ([\w-]+\.ts)\b/.exec(code!)?.[1] ?? `line-${line + 1}.ts`
    snippets.push({ file: name, text: '\n'.repeat(line) + code })
  }
  return snippets
}

/** As strict as for the sources, except for what an example need not spell out. */
function compilerSettings(): object {
  const packages = [...listPackages(), readPackage('examples/third-party-plugin')]
  const entryPoints = packages.flatMap((folder) =>
    listEntryPoints(folder).map(({ name, source }) => [name, [resolve(folder.folder, source)]]),
  )
  return {
    extends: '../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      declaration: false,
      declarationMap: false,
      noImplicitReturns: false,
      typeRoots: ['../node_modules/@types'],
      paths: Object.fromEntries(entryPoints),
    },
    include: ['**/*.ts'],
  }
}
