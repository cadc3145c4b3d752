import { escapeText } from '@sd/core/escape-text'
import type { LogLine } from '../daemons/daemon-status.ts'
import type { Style } from './style.ts'

/** A record as the log file has it, with its further lines beneath the first. A daemon may tell anything. */
export function formatLogLine({ time, pid, label, level, message }: LogLine, style: Style): string {
  const head = `${formatTime(time)}  ${escapeText(String(pid)).padEnd(6)}  ${escapeText(String(label)).padEnd(15)}  `
  const text = String(message).replaceAll('\n', `\n${' '.repeat(head.length)}`)
  const isError = level === 'error' || level === 'fatal'
  return `${style.dim(head)}${isError ? style.red(text) : text}`
}

/** Local time; what is none is shown as it is. */
function formatTime(time: string): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return escapeText(String(time)).padEnd(23)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString()
  return `${local.slice(0, 10)} ${local.slice(11, 23)}`
}
