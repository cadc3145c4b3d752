import { Piscina } from 'piscina'
import { codeFile } from '../system/code-file.ts'
import { type MethodName, methodNames } from '../workers/method-name.ts'
import type { Pool, StartPool } from './adapter.ts'

/** The options that a user may think of. */
interface Choices {
  concurrentTasksPerWorker?: number
  atomics?: 'disabled'
}

/** Made once, not for each call. */
type RunOptions = Record<MethodName, { name: string }>

/** With its defaults. */
export const startPiscina: StartPool = (size) => start(size, {})

/** With what its user chooses who knows that the calls are short. */
export const startTunedPiscina: StartPool = (size) =>
  start(size, { concurrentTasksPerWorker: 1000, atomics: 'disabled' })

function start(size: number, choices: Choices): Pool {
  const pool = new Piscina({
    filename: codeFile('workers/methods'),
    minThreads: size,
    maxThreads: size,
    ...choices,
  })
  const options = Object.fromEntries(methodNames.map((name) => [name, { name }])) as RunOptions
  return {
    call: (method, argument) => pool.run(argument, options[method]),
    close: () => pool.destroy(),
  }
}
