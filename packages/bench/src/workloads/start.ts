import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { codeFile } from '../system/code-file.ts'
import type { Workload } from './workload.ts'

const PROGRAMS: Readonly<Record<string, string>> = {
  'simple-daemon': 'programs/first-execute',
  node: 'programs/first-statement',
}

/** A program from nothing. */
export const start: Workload = {
  name: 'start',
  title:
    'From starting a Node process to the first `execute` of the daemon in it; node: to the first statement of an empty program',
  metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
  subjects: Object.keys(PROGRAMS),
  quick: [],
  repeats: 4,
  measure: async (subject) => {
    const file = codeFile(PROGRAMS[subject]!)
    const start = performance.now()
    const child = spawn(process.execPath, [...process.execArgv, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    const time = performance.now() - start
    await ended
    return { time }
  },
}
