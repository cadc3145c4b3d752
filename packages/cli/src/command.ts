import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import type { Output } from './output/output.ts'

/** Options by name, as yargs takes them. */
type OptionMap = Readonly<Record<string, Options>>
/** Positional parameters by name. */
type PositionalMap = Readonly<Record<string, PositionalOptions>>

/** What a command does with its arguments. Resolves to the exit code, or to nothing: 0. */
export type CommandWork<Args> = (args: Args, out: Output) => Promise<number> | Promise<void>

/** A command as its author declares it. */
interface CommandDeclaration<P extends PositionalMap, O extends OptionMap> {
  /** The name, and its positional parameters: `status <name>`, `run <file> [args..]`. */
  readonly usage: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What help begins with: a command line without `sd-cli`, and what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Longer text, beneath the examples. */
  readonly details?: string
  readonly parameters?: P
  readonly options?: O
  /** Whether what follows `--` means something to it. @default false */
  readonly takesRest?: boolean
  /** Whether options that are not ours, behind the daemon's file, are the daemon's. @default false */
  readonly passesOptions?: boolean
  /** Loads what the command does, and all that it needs: only when it is called. */
  readonly load: () => Promise<CommandWork<InferredOptionTypes<P> & InferredOptionTypes<O> & CommonArguments>>
}

/** What every command is given. */
export interface CommonArguments {
  /** What follows `--`: for the daemon, where there is one to start. */
  readonly rest: readonly string[]
}

/** A command, whatever its arguments. */
export interface Command extends Omit<CommandDeclaration<PositionalMap, OptionMap>, 'load'> {
  readonly name: string
  readonly load: () => Promise<CommandWork<never>>
}

/** Declares a command; the types of its arguments follow from what it declares. */
// biome-ignore lint/complexity/noBannedTypes: without parameters there are none to infer.
export function defineCommand<const P extends PositionalMap = {}, const O extends OptionMap = {}>(
  declaration: CommandDeclaration<P, O>,
): Command {
  return { ...declaration, name: declaration.usage.split(' ')[0]! }
}
