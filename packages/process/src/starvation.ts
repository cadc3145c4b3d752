import { SdError } from '@sd/core'
import type { ChildExit } from './child.ts'

/** What the system says when it has no processes, threads, file descriptors or memory left. */
const WANTS: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** What Node and the C library print when they cannot start their threads. */
const NO_THREADS = /\b(?:pthread_create|uv_thread_create)\b/

/**
 * Whether the system had no room for a child, at once or while its Node began: there may be room again, and it says
 * nothing about what the child would have done.
 */
export function isStarved({ error, signal, startedReady, lastOutput }: ChildExit): boolean {
  if (error instanceof SdError && error.code === 'SD_PROCESS_SPAWN') return WANTS.has(error.reason)
  return !startedReady && signal !== null && NO_THREADS.test(lastOutput)
}
