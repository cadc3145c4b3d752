import { describeProgram } from '../launch/describe-program.ts'
import type { Output } from '../output/output.ts'
import { describeDaemonOptions } from './own-help.ts'

/** Prints what a daemon's file has for options, behind our own help. A file that cannot be asked has none. */
export async function printDaemonHelp(file: string, out: Output): Promise<void> {
  const asked = await describeProgram(file, [], out, undefined).catch(() => undefined)
  const lines = describeDaemonOptions(asked?.description.options ?? [])
  if (lines.length > 0) out.print(`\n${lines.join('\n').trimEnd()}`)
}
