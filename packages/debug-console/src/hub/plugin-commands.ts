import type { Command, DebugSession } from '../commands/command.ts'
import type { AddedCommand } from '../protocol/thread-messages.ts'
import type { MainProcess } from './main-process.ts'

/** The commands that plugins have added: their code is on the main thread. */
export class PluginCommands {
  readonly #main: MainProcess
  readonly #runs = new Map<number, (text: string) => void>()
  #lastRun = 0
  #commands: readonly Command[] = []

  constructor(main: MainProcess) {
    this.#main = main
  }

  get all(): readonly Command[] {
    return this.#commands
  }

  /** These are those that there are now. */
  set(added: readonly AddedCommand[]): void {
    this.#commands = added.map(({ name, pattern, flags, help }) => ({
      names: [name],
      usage: name,
      help,
      pattern: new RegExp(pattern, flags),
      run: (session, match) => this.#run(session, name, match.input ?? ''),
    }))
  }

  /** One of them has come to its end. @param text - what it has to say. */
  onEnded(run: number, text: string): void {
    this.#runs.get(run)?.(text)
    this.#runs.delete(run)
  }

  async #run(session: DebugSession, name: string, rest: string): Promise<void> {
    const run = ++this.#lastRun
    const ended = new Promise<string>((resolve) => this.#runs.set(run, resolve))
    const print = (text: string): void => {
      if (text !== '') session.print(text)
    }
    const pid = session.stopped[0] ?? null
    await this.#main.ask(`runCommand(${run}, ${JSON.stringify(name)}, ${JSON.stringify(rest)}, ${pid})`)
    if (!this.#main.stop) return print(await ended)
    session.print('The daemon is stopped: it answers when it goes on.')
    void ended.then(print)
  }
}
