import type { DaemonBase } from '@sd/core'
import { joinWords } from '../launch/daemon-words.ts'
import { describeProgram, type ProgramDescription } from '../launch/describe-program.ts'
import type { Output } from '../output/output.ts'

/** What `install` is called with. */
interface InstallArguments {
  readonly file: string
  readonly args: readonly string[]
  readonly rest: readonly string[]
}

/** Prints how to install the daemon of a file. */
export async function printInstructionsOf(
  { file, args, rest }: InstallArguments,
  out: Output,
): Promise<void> {
  const { description } = await describeProgram(file, joinWords({ args, rest }), out, undefined)
  show(description, out)
}

/** Prints how to install a daemon: its plugins' instructions, and its own. */
export async function printInstructions(daemon: DaemonBase, out: Output): Promise<void> {
  const { name, shutdownTimeout } = daemon
  const instructions = await daemon.listInstallInstructions()
  show({ name, shutdownTimeout, instructions, options: daemon.describeArguments() }, out)
}

function show(description: ProgramDescription, out: Output): void {
  const { name, instructions } = description
  if (out.json) return out.printJson(description)
  if (instructions.length === 0) return out.say(`${name} needs nothing to be installed.`)
  if (instructions.length === 1) return out.print(instructions[0]!)
  const width = String(instructions.length).length
  for (const [index, step] of instructions.entries()) {
    const [first, ...more] = step.split('\n')
    out.print(`${String(index + 1).padStart(width)}. ${first}`)
    for (const line of more) out.print(`${' '.repeat(width + 2)}${line}`)
  }
}
