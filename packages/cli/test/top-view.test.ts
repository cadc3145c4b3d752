import { describe, expect, test } from '@jest/globals'
import type { Key } from '../src/screen/terminal-screen.ts'
import { ProcessorMeter } from '../src/top/processor-meter.ts'
import { renderTop } from '../src/top/render-top.ts'
import { readSnapshot, type Snapshot } from '../src/top/snapshot.ts'
import { firstView, pressKey, sortProcesses, type TopView } from '../src/top/top-view.ts'

const status = {
  name: 'poller',
  pid: 10,
  state: 'running',
  uptime: 2000,
  canRestart: true,
  loop: { iterations: 5, busy: 0.25 },
  processes: {
    pid: 10,
    role: 'daemon',
    memory: 100,
    cpu: 500,
    children: [
      { pid: 12, role: 'a #10', memory: 3, cpu: 0, uptime: 30 },
      { pid: 11, role: 'a #2', memory: 5, cpu: 1000, uptime: 20 },
      { pid: 13, role: 'b\x1b[2J', memory: null, cpu: null, uptime: 10 },
    ],
  },
  plugins: {
    ini: { file: 'x' },
    workers: {
      a: {
        size: 3,
        queued: 7,
        processes: [{ running: 1 }, { running: 0 }],
        methods: { run: { count: 4, mean: 1.234, p99: 1500 } },
        calls: [{ id: 1, method: 'run', status: 'running', pid: 11, retries: 0, age: 90 }],
      },
    },
    tasks: { limit: null, running: 1, waiting: 2, groups: { report: { count: 1, mean: 2, p99: 3 } } },
  },
}

const snapshot = readSnapshot(status, new ProcessorMeter())

function press(view: TopView, keys: readonly (string | Partial<Key>)[], from: Snapshot = snapshot) {
  let effect: ReturnType<typeof pressKey> = { view }
  for (const key of keys) {
    const whole =
      typeof key === 'string' ? { text: key, name: key } : { text: undefined, name: undefined, ...key }
    effect = pressKey(effect.view, { ctrl: false, ...whole }, from)
  }
  return effect
}

const draw = (view: TopView, columns: number, rows: number): string[] =>
  renderTop({ sight: { snapshot, at: 0 }, view, age: 0, now: new Date(), columns, rows }).map(
    ({ text }) => text,
  )

describe('a snapshot', () => {
  test('shows the pools and tasks of whatever plugins there are', () => {
    expect(snapshot.pools).toEqual([
      {
        name: 'workers.a',
        size: 3,
        busy: 1,
        queued: 7,
        methods: [{ name: 'run', count: 4, mean: 1.234, p99: 1500 }],
      },
      {
        name: 'tasks',
        size: null,
        busy: 1,
        queued: 2,
        methods: [{ name: 'report', count: 1, mean: 2, p99: 3 }],
      },
    ])
    expect(snapshot.calls).toMatchObject([{ pool: 'a', method: 'run', pid: 11 }])
  })

  test('of a daemon of another version is not complete, and no failure', () => {
    for (const told of [
      null,
      [],
      'nonsense',
      {},
      { processes: { children: 5 }, plugins: { workers: { a: { calls: [3] } } } },
    ]) {
      expect(readSnapshot(told, new ProcessorMeter())).toMatchObject({ state: 'unknown', processor: null })
    }
  })

  test('has shares of the processor from the second look on, by the clock of the daemon', () => {
    const meter = new ProcessorMeter()
    expect(meter.read(1000, [{ pid: 1, used: 100 }])).toEqual([null])
    const next = [
      { pid: 1, used: 600 },
      { pid: 2, used: 900 },
      { pid: 3, used: null },
    ]
    expect(meter.read(2000, next)).toEqual([0.5, null, null])
    // Restarted: its clock begins anew, and so may the pid.
    expect(meter.read(500, [{ pid: 1, used: 700 }])).toEqual([null])
    expect(meter.read(1500, [{ pid: 1, used: 10 }])).toEqual([null])
  })
})

describe('a key', () => {
  test('sorts the processes below the daemon', () => {
    const order = (keys: string[]) =>
      sortProcesses(snapshot, press(firstView, keys).view).map(({ pid }) => pid)
    expect(order([])).toEqual([10, 11, 12, 13])
    expect(order(['S'])).toEqual([10, 13, 12, 11])
    expect(order(['s', 's', 's'])).toEqual([10, 11, 12, 13])
    expect(order(['s', 's', 's', 's'])).toEqual([10, 12, 11, 13])
  })

  test('asks before it signals or restarts, and anything but yes is no', () => {
    const down = { name: 'down' }
    const enter = { name: 'return' }
    expect(press(firstView, [down, 'k', 'h', 'u', 'p']).order).toBeUndefined()
    expect(press(firstView, [down, 'k', 'h', 'u', 'p', enter]).order).toEqual({
      kind: 'signal',
      pid: 11,
      role: 'a #2',
      signal: 'SIGHUP',
    })
    expect(press(firstView, ['k', enter])).toMatchObject({ view: { question: undefined } })
    expect(press(firstView, ['k', enter]).order).toBeUndefined()
    expect(press(firstView, ['k', '9', { name: 'escape' }]).order).toBeUndefined()
    expect(press(firstView, ['r']).order).toBeUndefined()
    expect(press(firstView, ['r', 'n']).order).toBeUndefined()
    expect(press(firstView, ['r', 'y']).order).toEqual({ kind: 'restart' })
    expect(press(firstView, ['r'], { ...snapshot, canRestart: false }).view).toMatchObject({
      question: undefined,
      notice: expect.stringContaining('plain shell'),
    })
    // Ctrl-C always means the same.
    expect(press(firstView, ['k', { name: 'c', ctrl: true }]).order).toEqual({ kind: 'quit' })
  })
})

describe('the picture', () => {
  test('has as many rows as the terminal, the last of which is for questions', () => {
    for (const [columns, rows] of [
      [100, 30],
      [30, 10],
      [1, 1],
      [10, 3],
    ] as const) {
      const lines = draw(press(firstView, ['k']).view, columns, rows)
      expect(lines).toHaveLength(rows)
      expect(lines.at(-1)).toContain('Signal to 10')
    }
  })

  test('keeps the selected process in sight, and says how much is not', () => {
    const children = Array.from({ length: 50 }, (_, n) => ({ pid: 100 + n, role: `w #${n}` }))
    const many = readSnapshot(
      { ...status, processes: { pid: 10, role: 'daemon', children } },
      new ProcessorMeter(),
    )
    const view = { ...firstView, selected: 149 }
    const lines = renderTop({
      sight: { snapshot: many, at: 0 },
      view,
      age: 0,
      now: new Date(),
      columns: 80,
      rows: 20,
    })
    expect(lines.find(({ text }) => text.startsWith('>'))?.text).toContain('w #49')
    expect(lines.map(({ text }) => text).join('\n')).toMatch(/… \d+ more/)
  })

  test('obeys nobody', () => {
    expect(draw(firstView, 100, 30).join('')).not.toContain('\x1b')
  })
})
