/**
 * Everything that must hold besides the tests. `npm run check` runs all steps, `npm run check -- types lint`
 * only those. Prints one line for each step, and the whole output of those that failed.
 */
import { availableParallelism } from 'node:os'
import { runCommand } from './run-command.ts'
import { root } from './workspace.ts'

/** The longest first, so that they do not run alone at the end. */
const steps: Readonly<Record<string, readonly string[]>> = {
  packed: ['node', 'scripts/check-packed.ts'],
  lint: ['biome', 'check', '--error-on-warnings', '--max-diagnostics=100', '.'],
  types: ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  boundaries: ['depcruise', '--no-progress', '--output-type', 'err-long', 'packages', 'examples', 'scripts'],
  unused: ['knip', '--no-progress', '--no-config-hints'],
  snippets: ['node', 'scripts/check-snippets.ts'],
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(steps, name))
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}. The steps are ${Object.keys(steps).join(', ')}.`)
  process.exit(2)
}

const waiting = wanted.length > 0 ? [...wanted] : Object.keys(steps)
const failures: string[] = []
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, runSteps))

for (const failure of failures) console.log(failure)
console.log(failures.length === 0 ? 'check: all is well' : `check: ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

async function runSteps(): Promise<void> {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const start = performance.now()
    const { ok, output } = await runCommand(steps[name]!, { cwd: root })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.padStart(5)} s`)
    if (!ok) failures.push(`\n--- ${name} ---\n${output}`)
  }
}
