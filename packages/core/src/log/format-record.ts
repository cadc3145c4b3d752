import { escapeText } from '../escape-text.ts'
import type { LogRecord } from './log-record.ts'

/** Column widths; a longer pid or label pushes the rest to the right instead of being cut. */
const PID_WIDTH = 7
const LABEL_WIDTH = 16

/** The line on top of each new log file. */
export const LOG_HEADER: string = `${columns('Date', 'PID', 'Label')}Message\n`

/** A record as text: one line per line of the message, aligned under the first. */
export function formatRecord(record: LogRecord): string {
  const head = columns(formatDate(record.time), String(record.pid), escapeText(record.label))
  const [first = '', ...more] = record.message.split(/\r\n|\n/)
  const indent = ' '.repeat(head.length)
  return `${head}${escapeText(first, '\t')}\n${more.map((line) => `${indent}${escapeText(line, '\t')}\n`).join('')}`
}

function columns(date: string, pid: string, label: string): string {
  return `${date.padEnd(24)} ${pid.padEnd(PID_WIDTH)} ${label.padEnd(LABEL_WIDTH)} `
}

/** Local time, to the millisecond: `2026-01-31 18:14:36.042`. */
function formatDate(time: Date): string {
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`
  return `${day} ${clock}.${pad(time.getMilliseconds(), 3)}`
}
