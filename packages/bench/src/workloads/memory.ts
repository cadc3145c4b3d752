import { setTimeout as sleep } from 'node:timers/promises'
import { startIdleNodes } from '../programs/start-idle-nodes.ts'
import { readPss } from '../system/memory.ts'
import { listDescendants } from '../system/processes.ts'
import { kindOf, pools } from './subjects.ts'
import { loadPool, wakeAll } from './use-pool.ts'
import type { Workload } from './workload.ts'

const WORKERS = 4
/** Milliseconds until what the workers did is forgotten. */
const REST = 500

/** What an idle worker costs. */
export const memory: Workload = {
  name: 'memory',
  title: `Memory of an idle worker that has worked once, of ${WORKERS}: its proportional share (PSS) where it is a process, what the process grew by where it is a thread; node: a child that only waits`,
  metrics: [{ name: 'memory', unit: 'MiB', better: 'less' }],
  subjects: [...pools, 'node'],
  quick: ['simple-daemon', 'fork-json', 'node'],
  measure: async (subject) => {
    if (subject === 'node') {
      const nodes = await startIdleNodes(WORKERS)
      await sleep(REST)
      const memory = readMemoryOfChildren()
      await nodes.close()
      return { memory }
    }
    const start = await loadPool(subject)
    const before = readPss(process.pid)
    const pool = await start(WORKERS)
    await wakeAll(pool, WORKERS)
    await sleep(REST)
    const isThreads = kindOf(subject) === 'thread'
    const memory = isThreads ? (readPss(process.pid) - before) / WORKERS : readMemoryOfChildren()
    await pool.close()
    return { memory }
  },
}

/** All that the children have, shared between the workers. */
function readMemoryOfChildren(): number {
  const all = listDescendants(process.pid).map(readPss)
  return all.reduce((sum, memory) => sum + memory, 0) / WORKERS
}
