import type { Life } from '@sd/control/life'
import { waitForChange } from '../daemons/transition.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/with-progress.ts'

/** Milliseconds that a restart may take. */
const RESTARTED_WITHIN = 60_000

/** What an orderly end hears, or the system obeys, at any time. */
const ALWAYS_HEARD: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGKILL', 'SIGSTOP', 'SIGCONT'])

/**
 * Waits while a daemon restarts and nothing may listen to a signal yet.
 *
 * @returns whether it had to be waited for, and the daemon is to be looked for again.
 * @throws SdError `SD_CLI_IN_TRANSITION` when that takes too long.
 */
export async function waitUntilHeard(life: Life | undefined, signal: string, out: Output): Promise<boolean> {
  if (!life?.isAlive || life.state !== 'restarting' || ALWAYS_HEARD.has(signal)) return false
  const end = performance.now() + RESTARTED_WITHIN
  await withProgress(out, `Waiting for ${life.name}, which is restarting`, () => waitForChange(life, end))
  return true
}
