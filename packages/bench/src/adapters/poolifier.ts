import { FixedClusterPool, FixedThreadPool } from 'poolifier'
import { codeFile } from '../system/code-file.ts'
import type { Pool, StartPool } from './adapter.ts'

export const startPoolifierThreads: StartPool = (size) => start(size, 'thread')

export const startPoolifierCluster: StartPool = (size) => start(size, 'cluster')

/** With the serialization that its user chooses who sends bytes. */
export const startAdvancedPoolifierCluster: StartPool = (size) => start(size, 'advanced-cluster')

function start(size: number, runtime: 'thread' | 'cluster' | 'advanced-cluster'): Pool {
  const pool =
    runtime === 'thread'
      ? new FixedThreadPool(size, codeFile('workers/poolifier-thread-worker'))
      : new FixedClusterPool(size, codeFile('workers/poolifier-cluster-worker'), {
          settings: { serialization: runtime === 'cluster' ? 'json' : 'advanced' },
        })
  return {
    call: (method, argument) => pool.execute(argument, method),
    close: () => pool.destroy(),
  }
}
