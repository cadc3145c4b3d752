import type { Command } from './command.ts'
import { init } from './commands/init.ts'
import { install } from './commands/install.ts'
import { list } from './commands/list.ts'
import { run } from './commands/run.ts'
import { start } from './commands/start.ts'

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [run, start, list, init, install]
