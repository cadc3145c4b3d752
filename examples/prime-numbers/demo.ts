import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkJobs } from './demo/check-jobs.ts'
import { formatTable } from './demo/format-table.ts'
import { listenForInterruption } from './demo/interruption.ts'
import { type RunningDaemon, startDaemon } from './demo/start-daemon.ts'
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
  const daemon = startDaemon(directory, (line) => console.log(line))
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
  if (await isCutShort(seconds / 2, daemon)) return
  say(`kill -13 ${daemon.pid}: one more sieve.`)
  daemon.kill('SIGPIPE')
  if (await isCutShort(seconds / 2, daemon)) return
  say(`kill ${daemon.pid}: running calls may finish.`)
  daemon.kill('SIGTERM')
}

/** Waits. @returns whether the daemon has ended meanwhile, or somebody wants it to. */
async function isCutShort(duration: number, daemon: RunningDaemon): Promise<boolean> {
  const ended = new AbortController()
  void daemon.ended.then(() => ended.abort())
  const signal = AbortSignal.any([ended.signal, interruption.signal])
  await sleep(duration * 1000, undefined, { signal }).catch(() => {})
  return signal.aborted
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
  if (jobs.length > 0) console.log(`${formatTable(jobs)}\n`)
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

/** What the demo says stands out from what the daemon logs. */
function say(message: string): void {
  console.log(`\n>>> ${message}\n`)
}
