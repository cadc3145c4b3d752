import { medianOf, type Results, type Row } from './results.ts'

/** A number that we want to reach, as a ratio to what somebody else does. */
export interface Target {
  /** What ours is compared with, in words. */
  readonly what: string
  /** Ours divided by theirs, or undefined where one of them was not measured. */
  readonly ratio: number | undefined
  readonly limit: number
  readonly sense: 'at least' | 'at most' | 'below'
  /** Whom ours is compared with: the best of those that were measured. */
  readonly against: string | undefined
}

type Choose = (row: Row) => boolean

const isPeer: Choose = ({ kind }) => kind === 'thread' || kind === 'process'
const isProcessPeer: Choose = ({ kind }) => kind === 'process'
const isThreadPeer: Choose = ({ kind }) => kind === 'thread'
const isSocketPair: Choose = ({ subject }) => subject.startsWith('socket-')
const isFork: Choose = ({ subject }) => subject.startsWith('fork-')
const isNode: Choose = ({ subject }) => subject === 'node'

/** What this project has promised itself. */
export function checkTargets(results: Results): Target[] {
  const best = 'the best peer'
  const pair = 'the bare socket pair'
  return [
    compare('no-op-1', 'rate', best, isPeer, 'at least', 5),
    compare('no-op-1', 'rate', pair, isSocketPair, 'at least', 0.6),
    compare('no-op-2', 'rate', best, isPeer, 'at least', 5),
    compare('burst', 'time', best, isPeer, 'at most', 0.25),
    compare('burst', 'caller', best, isPeer, 'at most', 1),
    compareGrowth(),
    ...['latency', 'latency-one-core'].flatMap((name) => [
      compare(name, 'p50', pair, isSocketPair, 'at most', 1.15),
      compare(name, 'p50', 'the best process peer', isProcessPeer, 'below', 1),
      compare(name, 'p99', pair, isSocketPair, 'at most', 1.3),
    ]),
    compare('object', 'rate', best, isPeer, 'at least', 1.2),
    compare('buffer', 'rate', 'the best process peer', isProcessPeer, 'at least', 3),
    compare('buffer', 'rate', 'the best thread peer', isThreadPeer, 'at least', 0.75),
    compare('cold', 'time', 'bare fork', isFork, 'at most', 1.25),
    compare('memory', 'memory', 'an idle node', isNode, 'at most', 1.1),
    compare('task-start', 'time', 'bare fork', ({ subject }) => subject === 'fork', 'at most', 1.15),
    compareTime('task-start', 'simple-daemon-spare', 'with a spare', 5),
    ...['launch-js', 'launch-ts'].map((name) =>
      compare(name, 'time', 'Node with the same file', isNode, 'at most', 1.3),
    ),
    compareTime('help', 'simple-daemon', 'sd-cli --help', 150),
    compare('sieve', 'time', 'bare forks', isFork, 'at most', 1.05),
  ]

  function compare(
    name: string,
    metric: string,
    whom: string,
    choose: Choose,
    sense: Target['sense'],
    limit: number,
  ): Target {
    const workload = results.workloads.find((workload) => workload.name === name)
    const rows = workload?.rows ?? []
    const isMore = workload?.metrics.find((other) => other.name === metric)?.better === 'more'
    const ours = medianOf(
      rows.find(({ kind }) => kind === 'ours'),
      metric,
    )
    const [theirs] = rows
      .filter(choose)
      .map(({ subject, ...row }) => ({ subject, value: medianOf({ subject, ...row }, metric) }))
      .filter(({ value }) => value !== undefined)
      .sort((a, b) => (isMore ? b.value! - a.value! : a.value! - b.value!))
    const ratio = ours === undefined || theirs === undefined ? undefined : ours / theirs.value!
    return { what: `${name}, ${metric}: against ${whom}`, ratio, limit, sense, against: theirs?.subject }
  }

  /** One of ours against a time. @param limit - milliseconds. */
  function compareTime(workload: string, subject: string, what: string, limit: number): Target {
    const rows = results.workloads.find(({ name }) => name === workload)?.rows ?? []
    const time = medianOf(
      rows.find((row) => row.subject === subject),
      'time',
    )
    const ratio = time === undefined ? undefined : time / limit
    return {
      what: `${workload}, time: ${what}`,
      ratio,
      limit: 1,
      sense: 'at most',
      against: `${limit} ms`,
    }
  }

  /** The time of a call among a million against that among ten thousand. */
  function compareGrowth(): Target {
    const [many, few] = ['growth-1e6', 'growth-1e4'].map((name) => {
      const rows = results.workloads.find((workload) => workload.name === name)?.rows ?? []
      return medianOf(
        rows.find(({ kind }) => kind === 'ours'),
        'time',
      )
    })
    const ratio = many === undefined || few === undefined ? undefined : many / few
    const what = 'growth, time of a call: among 1,000,000 against among 10,000'
    return { what, ratio, limit: 1.5, sense: 'at most', against: 'simple-daemon' }
  }
}

/** Whether a target is reached. */
export function judge({ ratio, limit, sense }: Target): 'ok' | 'missed' | 'not measured' {
  if (ratio === undefined) return 'not measured'
  const isReached =
    sense === 'at least' ? ratio >= limit : sense === 'at most' ? ratio <= limit : ratio < limit
  return isReached ? 'ok' : 'missed'
}
