import type { Command } from './command.ts'
import { list } from './commands/list.ts'

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [list]
