import { describe, SdError } from '@sd/core'
import type { Client } from './client/client.ts'
import { type CommandHandler, isThenable } from './handlers.ts'

/** How a command takes part in the matching. */
export interface CommandOptions {
  /** Whether the matching ends with this command when it matches. @default false: all that match run, in order */
  exclusive?: boolean
}

interface Command<Data> {
  readonly pattern: RegExp
  readonly handler: CommandHandler<Data>
  readonly exclusive: boolean
}

/** The commands of a server, tried in the order in which they were added. */
export class CommandList<Data> {
  /** Replaced, never changed: a message that is being matched goes on with the list it began with. */
  #commands: readonly Command<Data>[] = []

  /**
   * @returns removes the command.
   * @throws SdError `SD_SERVER_COMMAND` when an argument is wrong.
   */
  add(pattern: RegExp, handler: CommandHandler<Data>, { exclusive = false }: CommandOptions): () => void {
    if (!(pattern instanceof RegExp) && Object.prototype.toString.call(pattern) !== '[object RegExp]') {
      throw commandError('the first argument must be a regular expression', pattern)
    }
    if (typeof handler !== 'function') throw commandError('the second argument must be a function', handler)
    if (typeof exclusive !== 'boolean') throw commandError('"exclusive" must be true or false', exclusive)
    // A copy, because with the flags g and y an expression remembers where it was.
    const command = { pattern: new RegExp(pattern), handler, exclusive }
    this.#commands = [...this.#commands, command]
    return () => {
      this.#commands = this.#commands.filter((other) => other !== command)
    }
  }

  /** Runs what matches, one after the other, and tells the run how it goes. Never throws. */
  run(client: Client<Data>, message: Buffer, run: CommandRun): void {
    const commands = this.#commands
    if (commands.length === 0) run.end(false)
    else runFrom(0, false, commands, client, message.toString(), run)
  }
}

/** Told what becomes of a message: `take` for each handler, then once `end` or `fail`. */
export interface CommandRun {
  /** A handler has returned, or what it promised is there. */
  take(answer: unknown): void
  /** All is done. */
  end(matched: boolean): void
  /** A handler, or `take`, has failed: no other is run. */
  fail(thrown: unknown): void
}

/** Written with callbacks, because each promise between a command and its answer costs as much as the matching. */
function runFrom<Data>(
  first: number,
  alreadyMatched: boolean,
  commands: readonly Command<Data>[],
  client: Client<Data>,
  text: string,
  run: CommandRun,
): void {
  let matched = alreadyMatched
  try {
    for (let index = first; index < commands.length && !client.closed; index++) {
      const { pattern, handler, exclusive } = commands[index]!
      pattern.lastIndex = 0
      const match = pattern.exec(text)
      if (!match) continue
      matched = true
      const answer = handler(client, match)
      if (isThenable(answer)) {
        const next = exclusive ? commands.length : index + 1
        return void answer.then(
          (value) => takeAndGoOn(value, next, commands, client, text, run),
          (thrown) => run.fail(thrown),
        )
      }
      run.take(answer)
      if (exclusive) break
    }
  } catch (thrown) {
    return run.fail(thrown)
  }
  run.end(matched)
}

function takeAndGoOn<Data>(
  answer: unknown,
  next: number,
  commands: readonly Command<Data>[],
  client: Client<Data>,
  text: string,
  run: CommandRun,
): void {
  try {
    run.take(answer)
  } catch (thrown) {
    return run.fail(thrown)
  }
  runFrom(next, true, commands, client, text, run)
}

function commandError(wanted: string, value: unknown): SdError {
  return new SdError('SD_SERVER_COMMAND', `command(): ${wanted}, not ${describe(value)}.`, { value })
}
