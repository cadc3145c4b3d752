import { Tinypool } from 'tinypool'
import { codeFile } from '../system/code-file.ts'
import { type MethodName, methodNames } from '../workers/method-name.ts'
import type { Pool, StartPool } from './adapter.ts'

/** Made once, not for each call. */
type RunOptions = Record<MethodName, { name: string }>

export const startTinypoolThreads: StartPool = (size) => start(size, 'worker_threads')

export const startTinypoolProcesses: StartPool = (size) => start(size, 'child_process')

function start(size: number, runtime: 'worker_threads' | 'child_process'): Pool {
  const pool = new Tinypool({
    filename: codeFile('workers/methods'),
    runtime,
    minThreads: size,
    maxThreads: size,
  })
  const options = Object.fromEntries(methodNames.map((name) => [name, { name }])) as RunOptions
  return {
    call: (method, argument) => pool.run(argument, options[method]),
    close: () => pool.destroy(),
  }
}
