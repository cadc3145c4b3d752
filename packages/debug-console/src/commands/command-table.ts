import { aboutTheConsole } from './about-the-console.ts'
import type { Command } from './command.ts'
import { daemonCommands } from './daemon-commands.ts'
import { goingOn } from './going-on.ts'
import { looking } from './looking.ts'
import { stopping } from './stopping.ts'

/** All commands, in the order in which `help` lists them. */
export const commandTable: readonly Command[] = [
  ...goingOn,
  ...looking,
  ...stopping,
  ...daemonCommands,
  ...aboutTheConsole,
]
