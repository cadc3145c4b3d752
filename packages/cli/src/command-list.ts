import type { Command } from './command.ts'
import { calls } from './commands/calls.ts'
import { clean } from './commands/clean.ts'
import { declareCompletion } from './commands/completion.ts'
import { connect } from './commands/connect.ts'
import { console } from './commands/console.ts'
import { init } from './commands/init.ts'
import { install } from './commands/install.ts'
import { list } from './commands/list.ts'
import { logs } from './commands/logs.ts'
import { restart } from './commands/restart.ts'
import { run } from './commands/run.ts'
import { shm } from './commands/shm.ts'
import { signal } from './commands/signal.ts'
import { signals } from './commands/signals.ts'
import { start } from './commands/start.ts'
import { stats } from './commands/stats.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { top } from './commands/top.ts'

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
  run,
  start,
  stop,
  restart,
  list,
  status,
  logs,
  calls,
  stats,
  top,
  signal,
  signals,
  console,
  shm,
  connect,
  init,
  install,
  clean,
  declareCompletion(() => commands),
]
