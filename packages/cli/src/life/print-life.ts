import type { Life, LifeEnd } from '@sd/control/life'
import { escapeText } from '@sd/core/escape-text'
import { readLogTail } from '../logs/read-log-tail.ts'
import { formatLogLine } from '../output/format-log-line.ts'
import { formatDuration } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { describeEnd } from './describe-life.ts'

/** Prints facts, a line each. */
export function printFacts(facts: readonly (readonly [string, string | undefined])[], out: Output): void {
  for (const [name, fact] of facts) {
    if (fact !== undefined) out.print(`  ${out.style.dim(name.padEnd(9))} ${escapeText(fact)}`)
  }
}

/** Prints what is known of a daemon that does not answer. @param lines - how many of its log. */
export function printLife(life: Life, lines: number, out: Output): void {
  const { end, crash, logFile, outFile, program } = life
  printFacts(
    [
      ['program', program ?? undefined],
      ['ended', end ? describeEnd(end) : undefined],
      ['uptime', end?.uptime == null ? undefined : formatDuration(end.uptime)],
      ['crash', crash ? describeEnd(crash) : undefined],
      ['log', logFile ?? undefined],
      ['printed', outFile ?? undefined],
    ],
    out,
  )
  const failed = end?.error ? end : (crash ?? end)
  if (failed) printStack(failed, out)
  if (lines > 0) printLines(life, lines, out)
}

/** The error that has ended a life. */
export function printStack({ error }: LifeEnd, out: Output): void {
  if (!error) return
  const code = error.code === null ? '' : ` (${error.code})`
  out.print('')
  out.print(out.style.red((error.stack ?? `${error.name}: ${error.message}`) + code))
}

/** The file has more than the record, also of a process that was killed. */
function printLines(life: Life, lines: number, out: Output): void {
  const filed = readLogTail(life, lines)
  const kept = life.end?.log.slice(-lines) ?? []
  if ((filed ?? kept).length === 0) return
  out.print('')
  if (filed) for (const line of filed) out.print(line)
  else for (const line of kept) out.print(formatLogLine(line, out.style))
}
