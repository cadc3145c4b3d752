import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatTable, isCutShort, listenForInterruption, say, startDaemon } from '@sd/example-demo-runner'
import { checkPolls, comparePolls, compareTotals } from './demo/check-polls.ts'
import { loadResults, type SavedResults } from './results-file.ts'
import type { Ledger } from './server/ledger.ts'
import { startStatsServer } from './server/stats-server.ts'

// First of all: a Ctrl-C during the start is as welcome as any other.
const interruption = listenForInterruption()

/** How long the daemon runs, and what decides the service's behaviour: `node demo.ts 3 42`. */
const seconds = Number(process.argv[2] ?? 10)
const seed = Number(process.argv[3] ?? Date.now() % 1e6)
const directory = mkdtempSync(join(tmpdir(), 'long-poll-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
process.exitCode = await runDemo()

/** @returns the exit code. */
async function runDemo(): Promise<number> {
  const server = await startStatsServer({ seed })
  say(
    `A service that often fails at ${server.url} (seed ${seed}), polled for ${seconds} s. Ctrl-C stops it earlier.`,
  )
  const daemon = startDaemon(
    new URL('./poller.ts', import.meta.url),
    { STATS_URL: server.url, STATS_PATIENCE: '1500', POLLER_INTERVAL: '500', POLLER_DIR: directory },
    (line) => console.log(line),
  )
  interruption.onWish = () => daemon.kill('SIGTERM')
  // A second signal would mean that the daemon is to stop at once: whoever has interrupted has sent the first.
  if ((await daemon.started) && !(await isCutShort(seconds, daemon, interruption))) {
    say(`kill ${daemon.pid}: the poll that waits is cancelled.`)
    daemon.kill('SIGTERM')
  }
  const exitCode = await daemon.ended
  await server.close()
  // Before it listens to signals the daemon has nothing to tidy up, and the signal itself ends it.
  if (interruption.signal.aborted && !(await daemon.started) && !exitCode) {
    say('Stopped before the daemon was up.')
    return 0
  }
  return report(exitCode, server.ledger, await loadResults(join(directory, 'results.json')))
}

/** @returns the exit code. */
function report(exitCode: number | null, ledger: Ledger, saved: SavedResults): number {
  say(`${ledger.requests.length} polls, up to update ${saved.results.cursor}:`)
  console.log(`${formatTable(comparePolls(ledger, saved), 1)}\n`)
  if (saved.results.cursor > 0) console.log(`${formatTable(compareTotals(ledger, saved), 1)}\n`)
  const problems = checkPolls(ledger, saved)
  if (exitCode !== 0) problems.unshift(`The daemon did not stop cleanly: its exit code is ${exitCode}.`)
  if (saved.results.cursor === 0 && !interruption.signal.aborted) problems.push('Nothing was merged.')
  if (problems.length > 0) {
    console.error(`The demo has failed:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    return 1
  }
  console.log('Every update that has arrived was merged exactly once.')
  return 0
}
