import { shortPath } from '../commands/looking.ts'
import type { Stop, StopCall } from '../protocol/messages.ts'

/** What a process is there for, as the prompt says it. */
export interface ProcessLabel {
  readonly group: string
  readonly pid: number
  /** D, W or T. */
  readonly letter: string
}

/** Characters that a prompt has for the arguments. */
const LONGEST_ARGS = 40

/** What is printed when a process has stopped. */
export function describeStop(stop: Stop, directory: string): string {
  const { frame, source } = stop
  const why = describeReason(stop)
  const place = frame && `${frame.name} (${shortPath(frame.file, directory)}:${frame.line}:${frame.column})`
  const head = [why, place].filter(Boolean).join(', in ')
  return source === undefined || !frame ? head : `${head}\n> ${String(frame.line).padStart(4)}  ${source}`
}

function describeReason({ why, point, breakpoints, failedCondition, exception }: Stop): string {
  switch (why) {
    case 'point': {
      const { name, label, facts, value } = point!
      const text = `Stopped at ${label === undefined ? name : `"${label}"`}${facts ? ` (${facts})` : ''}`
      return value === undefined ? text : `${text}: ${value}`
    }
    case 'line':
      return `Stopped at breakpoint ${breakpoints!.join(', ')}${failedCondition === undefined ? '' : `, whose condition throws ${failedCondition}`}`
    case 'exception':
      return `Stopped where it throws ${exception}`
    case 'pause':
      return 'Paused'
    case 'step':
      return 'Stepped'
    case 'statement':
      return 'Stopped at a debugger statement'
  }
}

/** `[primes 4711 W] call 12 sieve(1, 100) >` */
export function describePrompt(label: ProcessLabel, stop: Stop, about: StopCall | undefined): string {
  const what = about
    ? ` call ${about.id} ${about.method}(${shorten(about.args)})`
    : stop.point
      ? ` ${stop.point.label ?? stop.point.name}`
      : stop.frame
        ? ` ${stop.frame.name}`
        : ''
  return `[${label.group} ${label.pid} ${label.letter}]${what} > `
}

function shorten(text: string): string {
  return text.length > LONGEST_ARGS ? `${text.slice(0, LONGEST_ARGS - 1)}…` : text
}
