import { nearestName } from '@sd/core'
import type { Key } from '../screen/terminal-screen.ts'
import { findSignal, signalNames } from '../signals/find-signal.ts'
import type { ProcessView, Snapshot } from './snapshot.ts'

/** What the processes below the daemon's own are sorted by. */
export const sortKeys = ['role', 'pid', 'processor', 'memory', 'uptime'] as const

export type SortKey = (typeof sortKeys)[number]

/** What is asked at the bottom of the screen. */
export type Question =
  | { readonly kind: 'signal'; readonly pid: number; readonly role: string; readonly text: string }
  | { readonly kind: 'restart' }

/** What somebody looks at, and how. */
export interface TopView {
  readonly sort: SortKey
  readonly isReversed: boolean
  /** The pid of the process that is selected; undefined: the daemon's. */
  readonly selected: number | undefined
  readonly isHelpShown: boolean
  readonly question: Question | undefined
  /** What became of the last thing that was asked for. */
  readonly notice: string | undefined
}

/** What somebody wants done. */
export type TopOrder =
  | { readonly kind: 'quit' | 'suspend' | 'ask now' | 'restart' }
  | { readonly kind: 'signal'; readonly pid: number; readonly role: string; readonly signal: NodeJS.Signals }

/** How it looks at first. */
export const firstView: TopView = Object.freeze({
  sort: 'role',
  isReversed: false,
  selected: undefined,
  isHelpShown: false,
  question: undefined,
  notice: undefined,
})

/** What a key does. */
export interface KeyEffect {
  readonly view: TopView
  readonly order?: TopOrder
}

/** The processes in the order in which they are shown: the daemon's own, then its children. */
export function sortProcesses({ processes }: Snapshot, { sort, isReversed }: TopView): ProcessView[] {
  const [daemon, ...children] = processes
  const sorted = children.sort((a, b) => compare(a, b, sort))
  if (isReversed) sorted.reverse()
  return daemon ? [daemon, ...sorted] : sorted
}

/** The process that is selected; the daemon's when it has gone. */
export function selectedProcess(snapshot: Snapshot, view: TopView): ProcessView | undefined {
  return snapshot.processes.find(({ pid }) => pid === view.selected) ?? snapshot.processes[0]
}

/** What changes when a key is pressed. */
export function pressKey(view: TopView, key: Key, snapshot: Snapshot): KeyEffect {
  if (key.ctrl && key.name === 'c') return { view, order: { kind: 'quit' } }
  if (key.ctrl && key.name === 'z') return { view, order: { kind: 'suspend' } }
  if (view.question) return answer(view, view.question, key)
  if (view.isHelpShown) return { view: { ...view, isHelpShown: false } }
  return command({ ...view, notice: undefined }, key, snapshot)
}

function command(view: TopView, key: Key, snapshot: Snapshot): KeyEffect {
  switch (key.name === 'up' || key.name === 'down' ? key.name : key.text) {
    case 'q':
      return { view, order: { kind: 'quit' } }
    case 'h':
    case '?':
      return { view: { ...view, isHelpShown: true } }
    case ' ':
      return { view, order: { kind: 'ask now' } }
    case 's':
      return { view: { ...view, sort: following(sortKeys, view.sort), isReversed: false } }
    case 'S':
      return { view: { ...view, isReversed: !view.isReversed } }
    case 'up':
    case 'p':
      return { view: select(view, snapshot, -1) }
    case 'down':
    case 'n':
      return { view: select(view, snapshot, 1) }
    case 'k':
      return { view: askForSignal(view, snapshot) }
    case 'r':
      return { view: askForRestart(view, snapshot) }
    default:
      return { view }
  }
}

function select(view: TopView, snapshot: Snapshot, step: number): TopView {
  const pids = sortProcesses(snapshot, view).map(({ pid }) => pid)
  const index = Math.max(0, pids.indexOf(view.selected ?? -1))
  return { ...view, selected: pids[Math.min(pids.length - 1, Math.max(0, index + step))] }
}

function askForSignal(view: TopView, snapshot: Snapshot): TopView {
  const process = selectedProcess(snapshot, view)
  if (!process) return view
  return { ...view, question: { kind: 'signal', pid: process.pid, role: process.role, text: '' } }
}

function askForRestart(view: TopView, { name, canRestart }: Snapshot): TopView {
  if (canRestart) return { ...view, question: { kind: 'restart' } }
  return { ...view, notice: `${name} runs in a plain shell: there is nobody to restart it.` }
}

function answer(view: TopView, question: Question, key: Key): KeyEffect {
  const closed = { ...view, question: undefined }
  if (key.name === 'escape') return { view: closed }
  if (question.kind === 'restart') {
    return key.text === 'y' || key.text === 'Y'
      ? { view: closed, order: { kind: 'restart' } }
      : { view: closed }
  }
  if (key.name === 'return' || key.name === 'enter') return giveSignal(closed, question)
  const text = key.name === 'backspace' ? question.text.slice(0, -1) : question.text + typed(key)
  return { view: { ...view, question: { ...question, text } } }
}

/** Names and numbers of signals have nothing else. */
function typed({ text, ctrl }: Key): string {
  return text !== undefined && !ctrl && /^[\w+-]$/.test(text) ? text : ''
}

function giveSignal(view: TopView, { pid, role, text }: Question & { kind: 'signal' }): KeyEffect {
  if (text === '') return { view }
  const signal = findSignal(text)
  if (signal) return { view, order: { kind: 'signal', pid, role, signal } }
  const nearest = nearestName(text.toUpperCase(), signalNames())
  const notice = `There is no signal "${text}".${nearest ? ` Did you mean ${nearest}?` : ''}`
  return { view: { ...view, notice } }
}

/** What uses most comes first; what has a name, or a number, in its order. */
function compare(a: ProcessView, b: ProcessView, sort: SortKey): number {
  const ordered = a.role.localeCompare(b.role, 'en', { numeric: true })
  if (sort === 'role') return ordered
  if (sort === 'pid') return a.pid - b.pid
  return (b[sort] ?? -1) - (a[sort] ?? -1) || ordered
}

function following<Item>(items: readonly Item[], item: Item): Item {
  return items[(items.indexOf(item) + 1) % items.length]!
}
