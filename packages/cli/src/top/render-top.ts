import { formatBytes, formatDuration } from '../output/format-values.ts'
import { shareRows } from '../screen/share-rows.ts'
import type { ScreenLine } from '../screen/terminal-screen.ts'
import { displayWidth, fitText } from '../text/display-width.ts'
import type { DaemonSight } from './follow-daemon.ts'
import type { CallView, PoolView, ProcessView, Snapshot } from './snapshot.ts'
import { selectedProcess, sortProcesses, type TopView } from './top-view.ts'

/** What is to be shown, where, and when. */
export interface TopScene {
  readonly sight: DaemonSight
  readonly view: TopView
  /** Milliseconds since the daemon told what is shown. */
  readonly age: number
  readonly now: Date
  readonly columns: number
  readonly rows: number
}

/** An answer that is older than this is worth a word. Milliseconds. */
const OLD = 2500

/** Where there is less room than this, the daemon matters more than the time of day. Columns. */
const NARROW = 30

/** A table under its heading. */
interface Block {
  readonly heading: ScreenLine
  readonly lines: readonly ScreenLine[]
  /** The line that must be seen. */
  readonly focus?: number
}

const KEYS = 'q quit  h help  s sort  up/down select  k signal  r restart'

const HELP = [
  'q, Ctrl-C    quit',
  'space        ask the daemon now',
  'up, down     select a process (also p and n)',
  's            sort processes by the next column; S: the other way round',
  'k            send a signal to the selected process: asks which, by name or number',
  'r            restart the daemon: asks first',
  'Ctrl-Z       suspend',
  '',
  'CPU is the share of one processor since the last look. Pools show the mean and the',
  '99th percentile of the last 1000 calls that returned.',
]

/** The screen as rows of text, the last one at the bottom. */
export function renderTop(scene: TopScene): ScreenLine[] {
  const { sight, view, rows } = scene
  const foot = renderFoot(view).slice(-Math.max(1, rows))
  // What is asked must be seen, however small the terminal is.
  const head = [...renderHead(scene), ...renderState(scene)].slice(0, Math.max(0, rows - foot.length))
  const room = Math.max(0, rows - head.length - foot.length)
  const body = view.isHelpShown ? HELP.map((text) => ({ text })) : renderBody(sight, view, room)
  const shown = body.slice(0, room)
  const space = Array.from({ length: room - shown.length }, () => ({ text: '' }))
  return [...head, ...shown, ...space, ...foot]
}

function renderHead({ sight: { snapshot, gone }, now, columns }: TopScene): ScreenLine[] {
  const { name, pid, state, uptime, restarts, loop, memory, processor, processes } = snapshot
  const clock = now.toTimeString().slice(0, 8)
  const title = `${name}  pid ${pid}  ${gone ? 'gone' : state}  up ${formatDuration(uptime)}`
  const again = restarts > 0 ? `  ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}` : ''
  const room = columns - clock.length - 1
  const first = title + again
  const count = `${processes.length} ${processes.length === 1 ? 'process' : 'processes'}`
  return [
    { text: room < NARROW ? first : `${fitText(first, room)} ${clock}`, style: 'bold' },
    {
      text:
        `loop    ${loop.iterations} iterations, ${percent(loop.busy)} busy: ` +
        `${milliseconds(loop.meanDuration)} each, then ${milliseconds(loop.meanIdle)} idle; ${loop.overruns} ${loop.overruns === 1 ? 'overrun' : 'overruns'}`,
    },
    { text: `memory  ${formatBytes(memory)} in ${count}, CPU ${percent(processor)}` },
  ]
}

/** Why what is shown may not hold any more; otherwise an empty row. */
function renderState({ sight: { gone }, age }: TopScene): ScreenLine[] {
  if (gone) {
    const since = gone.since.toTimeString().slice(0, 8)
    return [
      {
        text: `Gone since ${since}. Waiting for it to come back. ${gone.reason}`,
        style: 'red',
      },
    ]
  }
  if (age > OLD) {
    return [
      { text: `No answer for ${formatDuration(age)}: the daemon is busy, or stopped.`, style: 'yellow' },
    ]
  }
  return [{ text: '' }]
}

function renderFoot({ question, notice }: TopView): ScreenLine[] {
  if (question?.kind === 'signal') {
    const { pid, role, text } = question
    return [
      {
        text: `Signal to ${pid} (${role}), by name or number; Esc: none > ${text}_`,
        style: 'yellow',
      },
    ]
  }
  if (question?.kind === 'restart')
    return [{ text: 'Restart the daemon? y: yes, any other key: no', style: 'yellow' }]
  const keys: ScreenLine = { text: KEYS, style: 'dim' }
  // A message of several lines says what matters in the first.
  return notice ? [{ text: notice.split('\n', 1)[0]!, style: 'yellow' }, keys] : [keys]
}

function renderBody({ snapshot }: DaemonSight, view: TopView, room: number): ScreenLine[] {
  const blocks = [renderProcesses(snapshot, view), renderPools(snapshot), renderCalls(snapshot)]
  const present = blocks.filter((block) => block !== undefined)
  // Each has its heading, and an empty row before it.
  const gaps = 2 * present.length - 1
  const shares = shareRows(
    present.map(({ lines }) => lines.length),
    room - gaps,
  )
  return present.flatMap((block, index) => [
    ...(index > 0 ? [{ text: '' }] : []),
    block.heading,
    ...cutLines(block, shares[index]!),
  ])
}

/** As many lines as there is room for, with the one that must be seen; and how many there are more. */
function cutLines({ lines, focus = 0 }: Block, room: number): readonly ScreenLine[] {
  if (lines.length <= room) return lines
  const shown = Math.max(0, room - 1)
  const first = Math.max(0, Math.min(focus - shown + 1, lines.length - shown))
  const rest: ScreenLine = { text: `  … ${lines.length - shown} more`, style: 'dim' }
  return room === 0 ? [] : [...lines.slice(first, first + shown), rest]
}

function renderProcesses(snapshot: Snapshot, view: TopView): Block {
  const processes = sortProcesses(snapshot, view)
  const selected = selectedProcess(snapshot, view)
  const width = widest(['PROCESS', ...processes.map(({ role }) => `  ${role}`)], 40)
  const mark = (name: TopView['sort'], title: string): string =>
    view.sort === name ? `${title}${view.isReversed ? '^' : '*'}` : title
  const columns = [mark('processor', 'CPU'), mark('memory', 'MEMORY'), mark('uptime', 'UPTIME')]
  const head = `${fitText(mark('pid', 'PID'), 8, 'right')}  ${fitText(mark('role', 'PROCESS'), width)}`
  return {
    heading: {
      text: `${head}${columns.map((title) => fitText(title, 13, 'right')).join('')}`,
      style: 'bold',
    },
    lines: processes.map((process, index) => renderProcess(process, index, width, process === selected)),
    focus: selected ? processes.indexOf(selected) : 0,
  }
}

function renderProcess(process: ProcessView, index: number, width: number, isSelected: boolean): ScreenLine {
  const { pid, role, processor, memory, uptime } = process
  const name = index === 0 ? role : `  ${role}`
  const values = [percent(processor), bytes(memory), uptime === null ? '-' : formatDuration(uptime)]
  const cells = values.map((value) => fitText(value, 13, 'right')).join('')
  const text = `${isSelected ? '>' : ' '}${fitText(String(pid), 7, 'right')}  ${fitText(name, width)}${cells}`
  return isSelected ? { text, style: 'inverse' } : { text }
}

function renderPools({ pools }: Snapshot): Block | undefined {
  if (pools.length === 0) return undefined
  const names = pools.flatMap(({ name, methods }) => [name, ...methods.map((method) => `  ${method.name}`)])
  const width = widest(['POOL', ...names], 40)
  const titles = ['SIZE', 'BUSY', 'QUEUED', 'CALLS', 'MEAN', 'P99']
  return {
    heading: { text: `  ${fitText('POOL', width)}${cellsOf(titles)}`, style: 'bold' },
    lines: pools.flatMap((pool) => renderPool(pool, width)),
  }
}

function renderPool({ name, size, busy, queued, methods }: PoolView, width: number): ScreenLine[] {
  const total = methods.reduce((sum, { count }) => sum + count, 0)
  const values = [size ?? '-', busy, queued, total].map(String)
  return [
    { text: `  ${fitText(name, width)}${cellsOf(values)}` },
    ...methods.map((method): ScreenLine => {
      const times = [method.mean, method.p99].map(milliseconds)
      const cells = cellsOf(['', '', '', String(method.count), ...times])
      return { text: `  ${fitText(`  ${method.name}`, width)}${cells}`, style: 'dim' }
    }),
  ]
}

function renderCalls({ calls }: Snapshot): Block | undefined {
  if (calls.length === 0) return undefined
  const names = calls.map(nameOf)
  const width = widest(['CALL', ...names], 40)
  const byAge = [...calls].sort((a, b) => (b.age ?? 0) - (a.age ?? 0))
  return {
    heading: {
      text: `  ${fitText('CALL', width)}${cellsOf(['ID', 'STATUS', 'FOR', 'PID', 'RETRIES'])}`,
      style: 'bold',
    },
    lines: byAge.map((call) => {
      const { id, status, age, pid, retries } = call
      const values = [
        String(id),
        status,
        age === null ? '-' : formatDuration(age),
        String(pid ?? '-'),
        String(retries),
      ]
      return { text: `  ${fitText(nameOf(call), width)}${cellsOf(values)}` }
    }),
  }
}

function nameOf({ pool, method }: CallView): string {
  return `${pool}.${method}`
}

function cellsOf(values: readonly string[]): string {
  return values.map((value) => fitText(value, 12, 'right')).join('')
}

function widest(texts: readonly string[], most: number): number {
  return Math.min(most, Math.max(...texts.map(displayWidth)))
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`
}

function bytes(value: number | null): string {
  return value === null ? '-' : formatBytes(value)
}

/** Milliseconds are what calls are measured in: three figures are enough. */
function milliseconds(value: number): string {
  if (value >= 1000) return formatDuration(value)
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(value < 10 ? 2 : 3))} ms`
}
