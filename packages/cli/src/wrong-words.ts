import type { Command } from './command.ts'

/** A command line that cannot be understood. */
export class WrongWords extends Error {
  /** The command that was named, if there is one. */
  readonly command: Command | undefined

  /** @param problem - in yargs's words. */
  constructor(problem: string, command: Command | undefined) {
    super(problem)
    this.command = command
  }
}
