import { execa } from 'execa'
import type { LaunchPlan } from './launch-plan.ts'
import { type LaunchedProcess, namePipes } from './launched-process.ts'
import { setNiceValue } from './nice-value.ts'
import { signalGroup } from './process-group.ts'

/**
 * Starts the process of a child from this process: in a session and process group of its own, so that a Ctrl-C in
 * the terminal does not reach it, and with the pipes that its runtime expects.
 *
 * @returns the process, or a promise of why there is none. Never throws.
 */
export function launch({
  file,
  args,
  env,
  cwd,
  stdio,
  priority,
}: LaunchPlan): LaunchedProcess | Promise<Error> {
  try {
    const subprocess = execa(file, args, {
      env,
      cwd,
      extendEnv: false,
      stdio,
      buffer: false,
      reject: false,
      cleanup: false,
      detached: true,
    })
    const child = subprocess.nodeChildProcess
    const { pid } = child
    if (pid === undefined) return subprocess.then((result) => rootCause(result as unknown as Error))
    setNiceValue(pid, priority)
    return {
      pid,
      ...namePipes(child.stdio.slice(1)),
      onExit: (handler) => void child.once('exit', handler),
      // It is asked for only until Node has told of its end: it has not been reaped, and the pid is its own.
      signalGroup: (signal) => signalGroup(pid, signal),
    }
  } catch (error) {
    return Promise.resolve(rootCause(error as Error))
  }
}

/** Execa wraps what the system said. */
function rootCause(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error
}
