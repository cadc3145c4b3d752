import type { CommandWork } from './command.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { createOutput, type Output } from './output/output.ts'
import { readWords } from './read-words.ts'
import { WrongWords } from './wrong-words.ts'

/**
 * Runs what a command line asks for, and sets the process's exit code.
 *
 * @param words - what follows `sd-cli`.
 */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  // Known before the rest is: a wrong command line is an error, too, and must be told as was asked for.
  const out = createOutput({ json: isAskedForJson(words) })
  try {
    process.exitCode = await run(words, out)
  } catch (thrown) {
    // What is only needed then is only loaded then.
    const { reportError } = await import('./output/report-error.ts')
    const error =
      thrown instanceof WrongWords ? (await import('./usage-error.ts')).usageError(thrown) : thrown
    reportError(error, out)
    process.exitCode = exitCodeOf(error)
  }
}

/** @returns the exit code. */
async function run(words: readonly string[], out: Output): Promise<number> {
  if (isAskedForVersion(words)) {
    const { showVersion } = await import('./show-version.ts')
    showVersion(out)
    return exitCodes.ok
  }
  const asked = await readWords(words, (text) => out.print(text))
  if (typeof asked === 'string')
    await (await import('./run/print-daemon-help.ts')).printDaemonHelp(asked, out)
  if (!asked || typeof asked === 'string') return exitCodes.ok
  const work = (await asked.command.load()) as CommandWork<unknown>
  return (await work(asked.args, out)) ?? exitCodes.ok
}

function isAskedForVersion(words: readonly string[]): boolean {
  return words.includes('--version') && words.every((word) => word === '--version' || word === '--json')
}

function isAskedForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? undefined : end).includes('--json')
}
