import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { identify, type ProcessIdentity, readBoot, readNamespace } from './process-identity.ts'

/** Which process this is, and where. */
export interface OwnPlace extends ProcessIdentity {
  /** The worker thread; 0: the main one. */
  readonly thread: number
  readonly host: string
  /** Names the boot of the machine; empty where the system does not tell. */
  readonly boot: string
  /** Names the namespaces in which pids and monotonic times mean something; empty where there are none. */
  readonly namespaces: string
}

/** What stays the same for as long as the process lives; asked for once, because it takes as long as a lock does. */
let constants: Pick<OwnPlace, 'startTime' | 'boot' | 'namespaces'> | undefined

/** Asks the system who and where this process is. What it does not tell is left empty. */
export function readOwnPlace(): OwnPlace {
  constants ??= {
    startTime: identify(process.pid)?.startTime ?? '',
    boot: readBoot(),
    namespaces: ['pid', 'time'].map(readNamespace).join(' ').trim(),
  }
  return { ...constants, pid: process.pid, thread: threadId, host: hostname() }
}
