import workerpool from 'workerpool'
import { codeFile } from '../system/code-file.ts'
import type { Pool, StartPool } from './adapter.ts'

export const startWorkerpoolThreads: StartPool = (size) => start(size, 'thread')

export const startWorkerpoolProcesses: StartPool = (size) => start(size, 'process')

function start(size: number, workerType: 'thread' | 'process'): Pool {
  const pool = workerpool.pool(codeFile('workers/workerpool-worker'), {
    minWorkers: size,
    maxWorkers: size,
    workerType,
  })
  return {
    // Its promises resolve with whatever the method returned, but their type says too little to await them.
    call: (method, argument) => pool.exec(method, [argument]) as unknown as PromiseLike<unknown>,
    close: () => pool.terminate() as unknown as PromiseLike<unknown>,
  }
}
