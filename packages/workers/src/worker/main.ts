/**
 * Where a worker process begins: it imports the user's file, in which either a call of `run()` or the end of
 * the import is the sign to serve.
 */
import { installChildServer } from '@sd/core'
import { connectToParent } from '@sd/process/child'
import { importError } from '@sd/process/exchange'
import type { OpenMessage } from '../engine/protocol.ts'
import { WorkerServer } from './worker-server.ts'

const parent = connectToParent()
const open = parent.initial as OpenMessage
const server = new WorkerServer(parent, open)

// Found by `run()` in the user's file.
installChildServer(server)
if (open.script !== undefined) process.argv[1] = open.script

const begin = (): void =>
  void import(open.url).then(
    () => server.begin(),
    (error) => parent.startFailed(importError(error, open.url)),
  )
// A debugger must be there before the first line of the user's is run.
if (parent.attached) void parent.attached.then(begin)
else begin()
