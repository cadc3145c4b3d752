import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  formatTable,
  isCutShort,
  listenForInterruption,
  type RunningDaemon,
  say,
  startDaemon,
} from '@sd/example-demo-runner'
import { checkJobs } from './demo/check-jobs.ts'
import { summarizeJobs } from './demo/summarize-jobs.ts'
import { type Job, openJobDatabase } from './jobs/job-database.ts'

// First of all: a Ctrl-C during the start is as welcome as any other.
const interruption = listenForInterruption()

/** How long the daemon runs: `node demo.ts 3` for less. */
const seconds = Number(process.argv[2] ?? 10)
const directory = mkdtempSync(join(tmpdir(), 'prime-numbers-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
process.exitCode = await runDemo()

/** @returns the exit code. */
async function runDemo(): Promise<number> {
  say(`A daemon with 6 worker processes, for ${seconds} s. Ctrl-C stops it earlier.`)
  const daemon = startDaemon(
    new URL('./prime-numbers.ts', import.meta.url),
    { PRIME_NUMBERS_DIR: directory },
    (line) => console.log(line),
  )
  interruption.onWish = () => daemon.kill('SIGTERM')
  await direct(daemon)
  const exitCode = await daemon.ended
  const stoppedEarly = interruption.signal.aborted && !(await daemon.started)
  // Before it listens to signals the daemon has nothing to tidy up, and the signal itself ends it.
  if (stoppedEarly && (exitCode === 0 || exitCode === null)) {
    say('Stopped before the daemon was up.')
    return 0
  }
  return report(exitCode, readJobs())
}

/** Does what a person could do with the daemon. */
async function direct(daemon: RunningDaemon): Promise<void> {
  if (!(await daemon.started)) return
  say(`kill -14 ${daemon.pid}: jobs start by themselves from now on.`)
  daemon.kill('SIGALRM')
  if (await isCutShort(seconds / 2, daemon, interruption)) return
  say(`kill -13 ${daemon.pid}: one more sieve.`)
  daemon.kill('SIGPIPE')
  if (await isCutShort(seconds / 2, daemon, interruption)) return
  say(`kill ${daemon.pid}: running calls may finish.`)
  daemon.kill('SIGTERM')
}

function readJobs(): Job[] {
  const file = join(directory, 'jobs.sqlite')
  if (!existsSync(file)) return []
  const database = openJobDatabase(file)
  try {
    return database.list()
  } finally {
    database.close()
  }
}

/** @returns the exit code. */
function report(exitCode: number | null, jobs: readonly Job[]): number {
  say(jobs.length > 0 ? `${jobs.length} rows in the database:` : 'No job had been started yet.')
  if (jobs.length > 0) console.log(`${formatTable(summarizeJobs(jobs), 2)}\n`)
  const problems = checkJobs(jobs)
  if (exitCode !== 0) problems.unshift(`The daemon did not stop cleanly: its exit code is ${exitCode}.`)
  if (jobs.length === 0 && !interruption.signal.aborted) problems.push('The daemon has not called anything.')
  if (problems.length > 0) {
    console.error(`The demo has failed:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    return 1
  }
  if (jobs.length > 0) console.log('No call was lost; all results were computed again and found right.')
  return 0
}
