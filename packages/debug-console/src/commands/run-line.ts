import { suggestName } from '@sd/core'
import type { Command, DebugSession } from './command.ts'

/** Runs what was typed. What goes wrong is printed. */
export async function runLine(session: DebugSession, line: string): Promise<void> {
  const text = line.trim()
  if (text === '') return
  const word = /^\S+/.exec(text)![0]
  const command = findCommand(session.commands, word)
  if (!command) {
    const known = session.commands.flatMap(({ names }) => names)
    return session.print(`There is no command "${word}".${suggestName(word, known)} "help" lists all.`)
  }
  const rest = text.slice(word.length).trim()
  const match = (command.pattern ?? /^$/).exec(rest)
  if (!match) return session.print(`It is written: ${command.usage}`)
  try {
    await command.run(session, match)
  } catch (error) {
    session.print(error instanceof Error ? error.message : String(error))
  }
}

export function findCommand(commands: readonly Command[], word: string): Command | undefined {
  return commands.find(({ names }) => names.includes(word))
}

/** What a line that is begun could become. @returns whole lines. */
export function completeLine(session: DebugSession, text: string): string[] {
  const begun = /^(\S+)\s+(.*)$/.exec(text)
  if (!begun) {
    const names = session.commands.map(({ names }) => names[0]!)
    return names.filter((name) => name.startsWith(text)).sort()
  }
  const [, word, rest] = begun
  const command = findCommand(session.commands, word!)
  const choices = command?.complete?.(session) ?? []
  return choices.filter((choice) => choice.startsWith(rest!)).map((choice) => `${word} ${choice}`)
}
