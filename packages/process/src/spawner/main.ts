/**
 * The spawner: a small process that starts processes for a large one. It gives their pipes away unread, tells of
 * their ends, and signals them, because only their parent knows whether a pid is still theirs. It ends with the
 * daemon, and its processes with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { flattenError } from '../exchange/flatten-error.ts'
import { closeLeakedDescriptors } from '../inherited-descriptors.ts'
import type { LaunchPlan } from '../launch-plan.ts'
import { setNiceValue } from '../nice-value.ts'
import { signalGroup } from '../process-group.ts'
import type { FromSpawner, ToSpawner } from './protocol.ts'

/** The living, by the daemon's number: entries go in the turn in which the system's record of the pid goes. */
const children = new Map<number, ChildProcess>()

// A supervisor may signal all processes of the daemon: this one has to stay for those that finish their work.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit())
process.on('message', (message: ToSpawner) => {
  if (message.type === 'start') start(message)
  else if (children.has(message.id)) signalGroup(children.get(message.id)!.pid!, message.signal)
})
// The daemon may have died before this process had its own parent-death signal.
if (process.ppid !== Number(process.argv[2])) process.exit()
closeLeakedDescriptors(process.argv.slice(4).map(Number))
process.title = process.argv[3]!

function start({ id, plan, umask }: ToSpawner & { type: 'start' }): void {
  process.umask(umask)
  try {
    const child = startProcess(plan)
    child.once('error', (error) => tell({ type: 'refused', id, error: flattenError(error) }))
    if (child.pid !== undefined) giveAway(id, child, child.pid)
    else for (const stream of child.stdio ?? []) stream?.destroy()
  } catch (error) {
    tell({ type: 'refused', id, error: flattenError(error) })
  }
}

/** As the daemon does it itself (`launch`), but with Node alone: nothing else may touch the pipes. */
function startProcess({ file, args, env, cwd, stdio, priority }: LaunchPlan): ChildProcess {
  const child = spawn(file, args, { env, cwd, stdio: [...stdio], detached: true })
  if (child.pid !== undefined) setNiceValue(child.pid, priority)
  return child
}

function giveAway(id: number, child: ChildProcess, pid: number): void {
  children.set(id, child)
  child.once('exit', (code, signal) => {
    children.delete(id)
    tell({ type: 'exited', id, code, signal })
  })
  const pipes = child.stdio.slice(1) as unknown as Socket[]
  // Before the first byte can be read here: it would be lost.
  for (const pipe of pipes) stopReading(pipe)
  for (const [index, pipe] of pipes.entries()) tell({ type: 'pipe', id, index }, pipe)
  tell({ type: 'started', id, pid, pipes: pipes.length })
}

/** Node begins to read the pipes of a child at once and has no public way to tell it not to. */
function stopReading(pipe: Socket): void {
  ;(pipe as unknown as { _handle: { readStop(): void } })._handle.readStop()
}

function tell(message: FromSpawner, pipe?: Socket): void {
  // When the daemon is gone, so is this process in a moment.
  process.send!(message, pipe, undefined, () => {})
}
