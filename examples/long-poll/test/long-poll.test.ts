import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Fixture, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { mergeAnswer, noResults, type Update } from '../api/results.ts'
import { checkPolls, sumUpdates } from '../demo/check-polls.ts'
import { loadResults, type SavedResults } from '../results-file.ts'
import { generateMoods } from '../server/moods.ts'
import { createRandom } from '../server/random.ts'
import { type StatsServer, type StatsServerOptions, startStatsServer } from '../server/stats-server.ts'

/** Node takes its time when all tests run at once. Milliseconds. */
const PATIENCE = 40_000

let sandbox: Sandbox
let server: StatsServer | undefined

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(async () => {
  await server?.close()
  server = undefined
  await sandbox.assertNothingLeft()
})

describe('the daemon', () => {
  test('merges each update once, whatever the service does', async () => {
    await serve({ seed: 7, pace: 100 })
    const poller = start()
    // Two rounds: in each, everything happens that can happen.
    await waitUntil(() => server!.ledger.requests.length > 20, 'there were 20 polls', PATIENCE)
    const saved = await stop(poller)

    expect(checkPolls(server!.ledger, saved)).toEqual([])
    const moods = generateMoods(createRandom(7 + 2))
    const expected = Array.from({ length: 20 }, () => moods.next().value)
    const endings = { answer: /^u/, error: /^http$/, reset: /^connection$/, malformed: /^m/, silent: /^s/ }
    for (const [index, mood] of expected.entries()) {
      expect(server!.ledger.requests[index]!.ending).toMatch(endings[mood])
    }
    for (const outcome of ['updates', 'http', 'connection', 'malformed', 'timeout']) {
      expect(saved.polls[outcome]).toBeGreaterThan(0)
    }
    expect(poller.lines.join('\n')).toMatch(/ poller +The service answers 500\. Next try within 200 ms/)
  })

  test('asks again as soon as it has an answer, and otherwise after the interval', async () => {
    await serve({ seed: 1, hold: 20, moods: ['answer'] })
    // Hours: only being woken up makes it ask again.
    const poller = start({ POLLER_INTERVAL: '9999999', STATS_PATIENCE: '9999999' })
    await waitUntil(() => server!.ledger.requests.length > 5, 'there were 5 polls', PATIENCE)
    await stop(poller)
  })

  test('tells clearly that the credentials are wrong, and stops', async () => {
    await serve({ seed: 1 })
    const poller = start({ STATS_PASSWORD: 'guessed' })
    expect(await poller.exit).toEqual({ code: 1, signal: null })
    expect(poller.lines.join('\n')).toMatch(
      /The service refuses the user "poller" \(401\)\. Set user and password in section \[api\] of settings\.ini\./,
    )
    expect(server!.ledger.requests.map(({ ending }) => ending)).toEqual(['unauthorized'])
  })

  test('does not start with settings that cannot work, and names them all', async () => {
    const poller = start({ STATS_URL: 'somewhere', STATS_PASSWORD: '' })
    expect(await poller.exit).toEqual({ code: 1, signal: null })
    expect(poller.lines.join('\n')).toMatch(
      /section \[api\]: url must be the address of the service; password is missing\./,
    )
  })

  test('goes on when there is no service, and when it comes', async () => {
    const { url } = await serve({ seed: 1 })
    await server!.close()
    const poller = start({ STATS_URL: url })
    await poller.waitForLine(/The connection failed: .*ECONNREFUSED/, PATIENCE)
    await serve({ seed: 1, port: Number(new URL(url).port), moods: ['answer'] })
    await poller.waitForLine(/Up to update \d/)
    const saved = await stop(poller)
    expect(saved.polls.connection).toBeGreaterThan(0)
    expect(saved.results.customers).toEqual(sumUpdates(server!.ledger, saved.results.cursor))
  })

  test('replaces a worker that does not give up by itself', async () => {
    await serve({ seed: 1, moods: ['silent'] })
    const poller = start({ STATS_PATIENCE: '9999999', POLLER_TIMEOUT: '500' })
    await poller.waitForLine(/ api +The worker is stuck: its process was replaced/, PATIENCE)
    await waitUntil(() => server!.ledger.requests.length > 1, 'another process polls', PATIENCE)
    const saved = await stop(poller)
    expect(saved.polls.SD_WORKERS_TIMEOUT).toBeGreaterThan(0)
    expect(checkPolls(server!.ledger, saved)).toEqual([])
  })

  test('cancels the poll that waits when it stops, and goes on from its results', async () => {
    await serve({ seed: 3, pace: 50, moods: ['answer', 'silent'] })
    const first = start()
    await first.waitForLine(/Up to update/, PATIENCE)
    await waitUntil(() => server!.ledger.requests.at(-1)?.ending === undefined, 'a poll waits', PATIENCE)
    const before = await stop(first)
    expect(before.polls.SD_WORKERS_CANCELLED).toBe(1)

    const second = start()
    await second.waitForLine(/Up to update/, PATIENCE)
    const after = await stop(second)
    expect(after.results.cursor).toBeGreaterThan(before.results.cursor)
    expect(checkPolls(server!.ledger, after)).toEqual([])
  })

  test('does not overwrite results that it cannot read', async () => {
    writeFileSync(join(sandbox.dir, 'results.json'), '{ half')
    await serve({ seed: 1 })
    const poller = start()
    expect(await poller.exit).toEqual({ code: 1, signal: null })
    await expect(loadResults(join(sandbox.dir, 'results.json'))).rejects.toThrow(
      /results\.json cannot be read \(.*JSON/,
    )
    expect(poller.lines.join('\n')).toMatch(/results\.json cannot be read/)
  })

  async function serve(options: StatsServerOptions): Promise<StatsServer> {
    server = await startStatsServer(options)
    return server
  }

  function start(env: Record<string, string> = {}): Fixture {
    return runFixture(new URL('../poller.ts', import.meta.url), {
      env: {
        ...sandbox.env,
        POLLER_DIR: sandbox.dir,
        POLLER_INTERVAL: '200',
        STATS_URL: server?.url ?? '',
        // Long enough that a busy machine makes no answer too late.
        STATS_PATIENCE: '2000',
        ...env,
      },
    })
  }

  /** @returns what the daemon has saved. The service is closed, so that its ledger is complete. */
  async function stop(poller: Fixture): Promise<SavedResults> {
    poller.kill('SIGTERM')
    expect(await poller.exit).toEqual({ code: 0, signal: null })
    await waitUntil(() => server!.ledger.requests.every(({ ending }) => ending), 'no request is open')
    return loadResults(join(sandbox.dir, 'results.json'))
  }
})

describe('the results', () => {
  const update = (id: number): Update => ({ id, customer: 'Ada', orders: 1, revenue: 100 })

  test('count an update once that comes twice', () => {
    const once = mergeAnswer(noResults, { cursor: 2, updates: [update(1), update(2)] })
    expect(once).toEqual({ cursor: 2, customers: { Ada: { updates: 2, orders: 2, revenue: 200 } } })
    const again = mergeAnswer(once, { cursor: 3, updates: [update(2), update(3)] })
    expect(again).toEqual({ cursor: 3, customers: { Ada: { updates: 3, orders: 3, revenue: 300 } } })
  })

  test('are found wrong by the check when an answer was lost or merged twice', () => {
    const updates = [update(1), update(2), update(3)]
    const requests = [
      { since: 0, cursor: 2, ending: 'updates' as const },
      { since: 2, cursor: 3, ending: 'updates' as const },
    ]
    const right = mergeAnswer(noResults, { cursor: 3, updates })
    const ledger = { updates, requests }
    expect(checkPolls(ledger, { results: right, polls: { updates: 2 } })).toEqual([])

    const twice = { ...right, customers: { Ada: { updates: 4, orders: 4, revenue: 400 } } }
    expect(checkPolls(ledger, { results: twice, polls: { updates: 2 } })).toHaveLength(1)
    const early = mergeAnswer(noResults, { cursor: 2, updates: updates.slice(0, 2) })
    expect(checkPolls(ledger, { results: early, polls: { updates: 2 } })).toHaveLength(1)
    expect(checkPolls(ledger, { results: early, polls: { updates: 1 } })).toHaveLength(1)
    const skipped = [requests[0]!, { since: 1, cursor: 3, ending: 'updates' as const }]
    expect(
      checkPolls({ updates, requests: skipped }, { results: right, polls: { updates: 2 } }),
    ).toHaveLength(2)
  })
})

describe('the demo', () => {
  test('ends by itself with what the service and the daemon have counted', async () => {
    const demo = run(4, 42)
    expect(await demo.exit).toEqual({ code: 0, signal: null })
    const output = demo.lines.join('\n')
    expect(output).toMatch(/^ {2}updates +([1-9]\d*) +\1$/m)
    expect(output).toMatch(/^ {2}Ada +(\d+ +[\d.]+) +\1$/m)
    expect(output).toMatch(/Every update that has arrived was merged exactly once\.$/)
    expect(output).not.toMatch(/Warning/)
  })

  test('tidies up after Ctrl-C', async () => {
    const demo = run(60, 1)
    await demo.waitForLine(/Up to update/, PATIENCE)
    demo.kill('SIGINT')
    const exit = await demo.exit
    expect(demo.lines.at(-1)).toMatch(/merged exactly once\.$/)
    expect(exit).toEqual({ code: 0, signal: null })
  })

  /** Its temporary directory is in the sandbox, where it must be gone at the end. */
  function run(seconds: number, seed: number): Fixture {
    return runFixture(new URL('../demo.ts', import.meta.url), {
      args: [String(seconds), String(seed)],
      env: { ...sandbox.env, TMPDIR: sandbox.dir },
    })
  }

  afterEach(() => {
    expect(existsSync(sandbox.dir) ? readdirSync(sandbox.dir) : []).toEqual([])
  })
})
