import { randomUUID } from 'node:crypto'
import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { readOwnPlace } from '@sd/core/own-place'
import { isKnownDead } from '@sd/core/process-identity'
import { type PidRecord, readPidFile } from '../pid-file/pid-file.ts'
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
        leftovers.push({ kind: 'pid file', name, path, why, remove: async () => removeDead(path, record) })
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
  return isKnownDead(record) ? `process ${record.pid} has ended` : undefined
}

/**
 * A daemon that starts may put its own file there at any moment. So it is first taken aside, which only one can do,
 * and looked at again: what is not the dead one's is put back, unless there is a newer one.
 */
function removeDead(path: string, dead: PidRecord): boolean {
  const isDead = (file: string): boolean => {
    const found = readPidFile(file)
    return (
      found !== undefined &&
      found.pid === dead.pid &&
      found.startTime === dead.startTime &&
      found.boot === dead.boot
    )
  }
  if (!isDead(path)) return false
  const aside = `${path}.${randomUUID()}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  try {
    if (isDead(aside)) return true
    putBack(aside, path)
    return false
  } finally {
    unlinkSync(aside)
  }
}

function putBack(aside: string, path: string): void {
  try {
    // Fails where there is one.
    linkSync(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
