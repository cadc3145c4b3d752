import { describe, expect, test } from '@jest/globals'
import type { Results, Row } from '../src/results.ts'
import { checkTargets, judge } from '../src/targets.ts'
import { kindOf } from '../src/workloads/subjects.ts'
import { workloads } from '../src/workloads/workloads.ts'

describe('targets', () => {
  test('ours is compared with the best of the others', () => {
    const results = makeResults('no-op-1', 'rate', {
      'simple-daemon': 600,
      piscina: 10,
      'piscina-tuned': 100,
      'socket-json': 900,
      'socket-v8': 400,
    })
    const [peer, pair] = checkTargets(results)
    expect(peer).toMatchObject({ against: 'piscina-tuned', ratio: 6 })
    expect(judge(peer!)).toBe('ok')
    expect(pair).toMatchObject({ against: 'socket-json', ratio: 600 / 900 })
    expect(judge(pair!)).toBe('ok')
  })

  test('the best time is the least', () => {
    const results = makeResults('cold', 'time', { 'simple-daemon': 60, 'fork-json': 50, 'fork-advanced': 40 })
    const target = checkTargets(results).find(({ what }) => what.startsWith('cold'))!
    expect(target).toMatchObject({ against: 'fork-advanced', ratio: 1.5 })
    expect(judge(target)).toBe('missed')
  })

  test('what was not measured is not judged', () => {
    const targets = checkTargets(makeResults('cold', 'time', { 'fork-json': 50 }))
    expect(new Set(targets.map(judge))).toEqual(new Set(['not measured']))
  })
})

function makeResults(name: string, metric: string, values: Record<string, number>): Results {
  const { title, metrics } = workloads.find((workload) => workload.name === name)!
  const rows = Object.entries(values).map(
    ([subject, value]): Row => ({ subject, kind: kindOf(subject), samples: [{ [metric]: value }] }),
  )
  const machine = {
    node: '24.0.0',
    system: 'none',
    cpu: 'none',
    cores: 1,
    memory: 1,
    load: [0, 0],
    stolen: undefined,
    calibration: { time: 1, spread: 0 },
  } as const
  return { machine, rounds: 1, duration: 1, workloads: [{ name, title, metrics, rows }] }
}
