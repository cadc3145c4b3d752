import { type ConsoleCommand, type ConsoleCommandContext, SdError } from '@sd/core'
import { commandTable } from './commands/command-table.ts'
import { findCommand } from './commands/run-line.ts'
import type { AddedCommand } from './protocol/thread-messages.ts'

/** The commands that plugins, and the program, have added to one daemon's console. */
export class AddedCommands {
  readonly #commands: ConsoleCommand[] = []
  /** Told when there are others. */
  onChange: () => void = () => {}

  /**
   * Adds a command.
   *
   * @returns removes it.
   * @throws SdError `SD_DEBUG_CONSOLE_COMMAND` when it is none, or its name is taken.
   */
  add(command: ConsoleCommand): () => void {
    const refuse = (problem: string): never => {
      throw new SdError('SD_DEBUG_CONSOLE_COMMAND', `console.command(): ${problem}`, {
        command: command?.name,
      })
    }
    if (typeof command !== 'object' || command === null) refuse('give it { name, pattern, help, run }.')
    const { name, pattern, help, run } = command
    if (typeof name !== 'string' || !/^[A-Za-z][\w-]*$/.test(name)) {
      refuse(`${JSON.stringify(name)} is no name: one word of letters, digits, "_" and "-".`)
    }
    if (pattern !== undefined && !(pattern instanceof RegExp))
      refuse(`the pattern of "${name}" must be a RegExp.`)
    if (typeof help !== 'string' || help === '') refuse(`"${name}" needs a help text.`)
    if (typeof run !== 'function') refuse(`"${name}" needs a function "run".`)
    if (findCommand(commandTable, name) || this.#commands.some((each) => each.name === name)) {
      refuse(`there is a command "${name}" already. Choose another name.`)
    }
    this.#commands.push(command)
    this.onChange()
    return () => {
      const place = this.#commands.indexOf(command)
      if (place < 0) return
      this.#commands.splice(place, 1)
      this.onChange()
    }
  }

  /** What the hub must know of them. */
  list(): AddedCommand[] {
    return this.#commands.map(({ name, pattern = /^$/, help }) => ({
      name,
      pattern: pattern.source,
      flags: pattern.flags.replace(/[gy]/g, ''),
      help,
    }))
  }

  /** Runs one. @param text - the line after the name. @returns what it has to say at its end. */
  async run(name: string, text: string, context: Omit<ConsoleCommandContext, 'match'>): Promise<string> {
    const command = this.#commands.find((each) => each.name === name)
    if (!command) return `The command "${name}" is gone.`
    try {
      const match = (command.pattern ?? /^$/).exec(text)
      if (!match) return `The pattern of "${name}" does not match twice: ${command.pattern}`
      return String((await command.run({ ...context, match })) ?? '')
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}
