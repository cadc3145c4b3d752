import { readOwnPlace } from '@sd/core/own-place'
import { isKnownDead } from '@sd/core/process-identity'
import { isElsewhere, type PidRecord, readPidFile } from '../pid-file/pid-file.ts'
import { removeDeadPidFile } from '../pid-file/remove-dead-pid-file.ts'
import type { Findings, LeftAlone, Leftover, Search } from './leftover.ts'
import { listOwnFiles } from './own-files.ts'

const SUFFIX = '.pid'

/** Pid files whose process has ended. */
export function findPidFiles(directory: string, { name: only, living }: Search): Findings {
  const leftovers: Leftover[] = []
  const leftAlone: LeftAlone[] = []
  for (const { file, path, status } of listOwnFiles(directory)) {
    const name = file.slice(0, -SUFFIX.length)
    if (!file.endsWith(SUFFIX) || !status.isFile() || (only !== undefined && name !== only)) continue
    try {
      const record = readPidFile(path)
      if (!record || living.has(name)) continue
      const why = explainEnd(record)
      if (why !== undefined) {
        leftovers.push({
          kind: 'pid file',
          name,
          path,
          why,
          remove: async () => removeDeadPidFile(path, record),
        })
      }
    } catch (error) {
      leftAlone.push({ path, why: (error as Error).message })
    }
  }
  return { leftovers, leftAlone }
}

/** @returns undefined of one that lives, or may live. */
function explainEnd(record: PidRecord): string | undefined {
  const { boot } = readOwnPlace()
  if (record.boot !== boot) {
    return record.boot !== '' && boot !== '' ? `of process ${record.pid}, before the last boot` : undefined
  }
  if (isElsewhere(record)) return undefined
  return isKnownDead(record) ? `process ${record.pid} has ended` : undefined
}
