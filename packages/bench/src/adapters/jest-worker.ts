import { Worker } from 'jest-worker'
import { codeFile } from '../system/code-file.ts'
import { type MethodName, methodNames } from '../workers/method-name.ts'
import type { Pool, StartPool } from './adapter.ts'

type Methods = Record<MethodName, (argument: unknown) => Promise<unknown>>

export const startJestWorkerThreads: StartPool = (size) => start(size, true)

export const startJestWorkerProcesses: StartPool = (size) => start(size, false)

function start(size: number, enableWorkerThreads: boolean): Pool {
  const farm = new Worker(codeFile('workers/methods'), {
    numWorkers: size,
    enableWorkerThreads,
    exposedMethods: methodNames,
  }) as Worker & Methods
  return {
    call: (method, argument) => farm[method](argument),
    close: () => farm.end(),
  }
}
