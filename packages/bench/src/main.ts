/** `npm run bench`: reads the arguments, measures, and prints what was found. */
import { writeFileSync } from 'node:fs'
import { ArgumentError, readArguments, usage } from './arguments.ts'
import { describeRun } from './report/describe-run.ts'
import { formatMarkdown, formatText } from './report/table.ts'
import { makeTables } from './report/tables.ts'
import { writeMarkdown } from './report/write-markdown.ts'
import { runBench } from './run-bench.ts'
import { checkTargets } from './targets.ts'

try {
  await main()
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (options.help) {
    console.log(usage)
    return
  }
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = signal === 'SIGINT' ? 130 : 143
      interruption.abort()
    })
  }
  const results = await runBench(options, (line) => console.error(line), interruption.signal)
  const tables = makeTables(results)
  const head = describeRun(results)
  console.log([head, ...tables.map(formatText)].join('\n\n'))
  if (options.json) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ ...results, targets: checkTargets(results) }, undefined, 2)}\n`,
    )
  }
  if (options.markdown) writeMarkdown(options.markdown, [head, ...tables.map(formatMarkdown)].join('\n\n'))
}
