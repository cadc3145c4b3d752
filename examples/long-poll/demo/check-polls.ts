import { isDeepStrictEqual } from 'node:util'
import type { Totals } from '../api/results.ts'
import type { SavedResults } from '../results-file.ts'
import type { Ledger, RequestRecord } from '../server/ledger.ts'

/**
 * Where the service and the daemon disagree, in words. Each update that the service has handed out with a 200, and
 * that has arrived, must have been merged exactly once.
 */
export function checkPolls(ledger: Ledger, saved: SavedResults): string[] {
  return [...checkTotals(ledger, saved), ...checkCursors(ledger, saved), ...checkEndings(ledger, saved)]
}

/** What the service has sold to each customer, up to an update. */
export function sumUpdates({ updates }: Ledger, cursor: number): Record<string, Totals> {
  const sums: Record<string, Totals> = {}
  const groups = Map.groupBy(updates.slice(0, cursor), ({ customer }) => customer)
  for (const [customer, all] of groups) {
    const sum = (key: 'orders' | 'revenue'): number => all.reduce((total, update) => total + update[key], 0)
    sums[customer] = { updates: all.length, orders: sum('orders'), revenue: sum('revenue') }
  }
  return sums
}

/** An update that was lost or merged twice shows in the sums. */
function checkTotals(ledger: Ledger, { results }: SavedResults): string[] {
  const sums = sumUpdates(ledger, results.cursor)
  const customers = new Set([...Object.keys(sums), ...Object.keys(results.customers)])
  return [...customers]
    .filter((customer) => !isDeepStrictEqual(sums[customer], results.customers[customer]))
    .map((customer) => {
      const [sold, merged] = [sums[customer], results.customers[customer]].map((sum) => JSON.stringify(sum))
      return `${customer}: the service has sold ${sold}, but the daemon has merged ${merged}.`
    })
}

/** Each poll must go on where the last answer that has arrived had ended. */
function checkCursors({ requests }: Ledger, { results, polls }: SavedResults): string[] {
  const problems: string[] = []
  let merged = 0
  for (const [index, { since, cursor, ending }] of requests.entries()) {
    const next = requests[index + 1]?.since ?? results.cursor
    if (next === since) continue
    if (ending === 'updates' && next === cursor) merged++
    else problems.push(`After update ${since} the daemon went on with ${next}, which it was not told.`)
  }
  const { updates = 0 } = polls
  if (merged !== updates) problems.push(`${updates} answers were merged, but the next polls show ${merged}.`)
  return problems
}

/** The daemon must have seen every request end as the service did, except where it had given up meanwhile. */
function checkEndings({ requests }: Ledger, { polls }: SavedResults): string[] {
  const gaveUp = givenUp(polls)
  const problems: string[] = []
  let unseen = count(requests, 'silent') + count(requests, 'abandoned')
  for (const ending of ['updates', 'unchanged', 'http', 'connection', 'malformed'] as const) {
    const [sent, seen] = [count(requests, ending), polls[ending] ?? 0]
    if (seen > sent)
      problems.push(`"${ending}": the service did so ${sent} times, but the daemon saw ${seen}.`)
    unseen += Math.max(0, sent - seen)
  }
  if (unseen > gaveUp)
    problems.push(`${unseen} requests brought nothing, but the daemon gave up ${gaveUp} only.`)
  return problems
}

/** How many polls the daemon did not wait for any longer. */
function givenUp({
  timeout = 0,
  SD_WORKERS_CANCELLED = 0,
  SD_WORKERS_TIMEOUT = 0,
}: SavedResults['polls']): number {
  return timeout + SD_WORKERS_CANCELLED + SD_WORKERS_TIMEOUT
}

function count(requests: readonly RequestRecord[], ending: RequestRecord['ending']): number {
  return requests.filter((request) => request.ending === ending).length
}

/** What the service did, and what the daemon saw, as rows of a table. */
export function comparePolls({ requests }: Ledger, { polls }: SavedResults): string[][] {
  const row = (text: string, sent: number, seen = 0): string[] => [text, String(sent), String(seen)]
  return [
    ['how polls have ended', 'service', 'daemon'],
    row('updates', count(requests, 'updates'), polls.updates),
    row('nothing new', count(requests, 'unchanged'), polls.unchanged),
    row('error 500', count(requests, 'http'), polls.http),
    row('connection cut', count(requests, 'connection'), polls.connection),
    row('malformed JSON', count(requests, 'malformed'), polls.malformed),
    row('no answer, given up', count(requests, 'silent') + count(requests, 'abandoned'), givenUp(polls)),
  ]
}

/** What the service has sold, and what the daemon has merged, as rows of a table. */
export function compareTotals(ledger: Ledger, { results }: SavedResults): string[][] {
  const sums = sumUpdates(ledger, results.cursor)
  const money = (totals?: Totals): string => ((totals?.revenue ?? 0) / 100).toFixed(2)
  return [
    ['customer', 'updates', 'revenue', 'merged', 'revenue'],
    ...Object.keys(sums)
      .sort()
      .map((name) => {
        const [sold, merged] = [sums[name], results.customers[name]]
        return [name, String(sold?.updates ?? 0), money(sold), String(merged?.updates ?? 0), money(merged)]
      }),
  ]
}
