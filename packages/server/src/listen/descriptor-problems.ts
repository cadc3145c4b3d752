import { fstatSync } from 'node:fs'
import type { DescriptorTarget } from './listen-target.ts'

/** What is handed on to the next life of a process that is replaced in place. */
const STANDARD_INPUT = 0

/**
 * What must be well before a server can listen on a descriptor, in words a person can act on.
 *
 * @param isPreflight - whether a restart is being checked: the process that checks has other descriptors than the daemon.
 */
export function listDescriptorProblems({ fd }: DescriptorTarget, isPreflight: boolean): string[] {
  if (isPreflight) {
    if (fd === STANDARD_INPUT) return []
    return [
      `a restart in place closes descriptor ${fd}, and nothing would listen any more. Hand the socket over as standard input (systemd: StandardInput=socket; listen: { fd: 0 }), or have the service restarted by its supervisor.`,
    ]
  }
  try {
    if (fstatSync(fd).isSocket()) return []
    return [`descriptor ${fd} is not a socket: have it handed over by what starts the daemon.`]
  } catch {
    return [`there is no descriptor ${fd}: have the socket handed over by what starts the daemon.`]
  }
}
