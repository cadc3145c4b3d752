import { type ProcessIdentity, readIdentity } from '@sd/core/process-identity'

/** Signals all processes of a child's group. The child must not have been reaped: then its pid is its own. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  // macOS answers EPERM for a group in which only a zombie is left; the zombie takes the signal all the same.
  if (!trySignal(-pid, signal)) trySignal(pid, signal)
}

/**
 * Kills what a dead child left behind in its group. While a member lives, the system gives nobody else the
 * group's number; when none does, the pid may be somebody else's by now, and then nothing is signalled.
 */
export function sweepGroup(dead: ProcessIdentity): void {
  try {
    if (readIdentity(dead.pid) === undefined) trySignal(-dead.pid, 'SIGKILL')
  } catch {
    // The system does not say who has the pid: rather leave somebody alive than kill a stranger.
  }
}

function trySignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal)
  } catch {
    return false
  }
}
