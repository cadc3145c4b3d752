/**
 * The process that measures one workload with one subject: `subject WORKLOAD SUBJECT MILLISECONDS`. What it finds
 * goes to file descriptor 3 as one line of JSON. It ends when its runner does.
 */
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { workloads } from './workloads/workloads.ts'

const RESULTS = 3

const runner = new Socket({ fd: RESULTS }).resume().on('close', endWithRunner).unref()
runner.on('error', endWithRunner)

const [name, subject, duration] = process.argv.slice(2)
const workload = workloads.find((workload) => workload.name === name)!
const answer = await workload.measure(subject!, Number(duration)).then(
  (sample) => ({ sample }),
  (error: unknown) => ({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }),
)
writeSync(RESULTS, `${JSON.stringify(answer)}\n`)
process.exit()

function endWithRunner(): void {
  // The group: nobody is left who could end its workers.
  process.kill(-process.pid, 'SIGKILL')
}
