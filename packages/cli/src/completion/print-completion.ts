import { basename } from 'node:path'
import { SdError, suggestName } from '@sd/core'
import type { Command } from '../command.ts'
import type { Output } from '../output/output.ts'
import { completeWords } from './complete-words.ts'
import { type Shell, shellScripts, shells } from './shell-scripts.ts'

/** What `completion` is called with. */
interface CompletionArguments {
  readonly shell?: string | undefined
  /** Whether a script asks, with the words so far in `rest`. */
  readonly complete: boolean
  readonly rest: readonly string[]
}

/** Prints the script for a shell, or what it asks for. */
export async function printCompletion(
  commands: readonly Command[],
  given: CompletionArguments,
  out: Output,
): Promise<void> {
  if (given.complete) return answer(commands, given.rest, out)
  const script = shellScripts[findShell(given.shell)]
  if (out.json) out.printJson({ script })
  else out.print(script.trimEnd())
}

async function answer(commands: readonly Command[], words: readonly string[], out: Output): Promise<void> {
  const { candidates, paths } = await completeWords(words, commands)
  if (out.json) return out.printJson({ candidates, paths: paths ?? null })
  const lines = candidates.map(([word, description]) => `${word}\t${description}`)
  if (paths) lines.push(`:${paths}`)
  if (lines.length > 0) out.print(lines.join('\n'))
}

/** @throws SdError `SD_CLI_USAGE`. */
function findShell(given: string | undefined): Shell {
  const wanted = given ?? basename(process.env.SHELL ?? '')
  const found = shells.find((shell) => shell === wanted)
  if (found) return found
  const message =
    given === undefined
      ? `For which shell? $SHELL is ${JSON.stringify(process.env.SHELL ?? '')}. Name one: ${shells.join(', ')}.`
      : `There is no completion for "${given}".${suggestName(given, shells)}`
  throw new SdError('SD_CLI_USAGE', message, { shell: given })
}
