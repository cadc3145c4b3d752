import type { LogLine } from '../daemons/daemon-status.ts'

/** A record as it stands in a log file. What the file does not say is null. */
export type FiledRecord = Pick<LogLine, 'message'> & {
  readonly [Field in Exclude<keyof LogLine, 'message'>]: LogLine[Field] | null
}

/** Where the columns are that `core/src/log/format-record.ts` makes; a pid or label that is longer moves what follows. */
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) {2}(?=.{7})(\d+) +/

const LABEL_WIDTH = 16

const HEADER = /^Date {21}PID +Label +Message$/

/**
 * Makes records of the lines of a log file, so that programs find in them what a running daemon tells. A line that is no log's
 * is a message by itself.
 */
export function parseLogLines(lines: readonly string[]): FiledRecord[] {
  const records: { head: number; record: FiledRecord }[] = []
  for (const line of lines) {
    if (HEADER.test(line)) continue
    const parsed = parseLine(line)
    const before = records.at(-1)
    if (parsed) records.push(parsed)
    else if (before && before.head > 0 && line.startsWith(' '.repeat(before.head))) {
      const message = `${before.record.message}\n${line.slice(before.head)}`
      before.record = { ...before.record, message }
    } else {
      records.push({ head: 0, record: { time: null, pid: null, label: null, level: null, message: line } })
    }
  }
  return records.map(({ record }) => record)
}

function parseLine(line: string): { head: number; record: FiledRecord } | undefined {
  const found = LINE.exec(line)
  if (!found) return undefined
  const [start, day, clock, pid] = found
  const rest = line.slice(start.length)
  const end = rest.charAt(LABEL_WIDTH) === ' ' ? LABEL_WIDTH : rest.indexOf(' ')
  if (end < 0) return undefined
  // Without a zone it is local time, as it was written.
  const date = new Date(`${day}T${clock}`)
  if (Number.isNaN(date.getTime())) return undefined
  const label = rest.slice(0, end).trimEnd()
  const record = {
    time: date.toISOString(),
    pid: Number(pid),
    label,
    level: null,
    message: rest.slice(end + 1),
  }
  return { head: start.length + end + 1, record }
}
