import type { LogLine } from '../daemons/daemon-status.ts'
import { escapeControls, escapeLines } from '../text/escape-controls.ts'
import type { Style } from './style.ts'

/** A record as the log file has it, with its further lines beneath the first. */
export function formatLogLine({ time, pid, label, level, message }: LogLine, style: Style): string {
  const date = new Date(time)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString()
  const head = `${local.slice(0, 10)} ${local.slice(11, 23)}  ${String(pid).padEnd(6)}  ${escapeControls(label).padEnd(15)}  `
  const text = escapeLines(message).replaceAll('\n', `\n${' '.repeat(head.length)}`)
  const isError = level === 'error' || level === 'fatal'
  return `${style.dim(head)}${isError ? style.red(text) : text}`
}
