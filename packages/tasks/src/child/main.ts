/**
 * Where a task's process begins. It has its task from the start, or waits for one as a spare.
 */
import { installChildServer } from '@sd/core'
import { connectToParent } from '@sd/process/child'
import type { OpenMessage } from '../runner/protocol.ts'
import { TaskServer } from './task-server.ts'

// A task that tells its progress faster than the daemon takes it has to wait, too.
const parent = connectToParent({ lean: true })
const server = new TaskServer(parent)
const open = parent.initial as OpenMessage

// Found by `run()` in the user's file.
installChildServer(server)

if ('assignment' in open) {
  server.take(open.assignment)
  parent.ready()
} else {
  parent.ready()
  parent.listen()
  // What a task's file is likely to import is there already when it comes. What is not found then fails there.
  for (const url of open.preload) import(url).catch(() => {})
}
