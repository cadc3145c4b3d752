import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ControlClient, connectControl } from '@sd/control/client'
import { type Life, readLife } from '@sd/control/life'
import type { Json } from '@sd/core'
import { isAlive, type ProcessIdentity } from '@sd/core/process-identity'
import { muteError, notRunningError } from '../daemons/ask-daemon.ts'
import type { LogLine } from '../daemons/daemon-status.ts'
import { lookForShown, type Sighting } from '../daemons/sighting.ts'
import { logDirectory } from '../launch/log-directory.ts'
import { printedFile } from '../launch/printed-file.ts'
import { describeEnd } from '../life/describe-life.ts'
import { formatLogLine } from '../output/format-log-line.ts'
import type { Output } from '../output/output.ts'
import { readLineCount, tellOfMoreLines } from '../read-line-count.ts'
import { type FiledRecord, parseLogLines } from './parse-log-lines.ts'
import { readLogTail } from './read-log-tail.ts'

/** What `logs` is called with. */
interface LogsArguments {
  readonly daemon: string
  readonly lines: number
  readonly follow: boolean
}

/** Milliseconds. */
const LOOK_AGAIN = 100

/** More than a daemon keeps, or we show of a file. */
const ALL = 100_000

/** Shows the last lines of a daemon's log, and those that come. */
export async function showLogs(given: LogsArguments, out: Output): Promise<void> {
  const { daemon, follow } = given
  const lines = readLineCount(given.lines, ALL)
  const seen = await lookForShown(daemon, out)
  if (seen.state !== 'answers') {
    const shown = await showFile(seen, lines, follow, out)
    return tellOfMoreLines(shown, given.lines, ALL, out)
  }
  const client = await connectControl(seen.socket)
  if (!follow) {
    const records = await readRecords(client, lines, false).finally(() => client.close())
    const all = [...linesBefore(records, lines, seen.life), ...records]
    if (out.json) out.printJson(all)
    else printRecords(all, out)
    return tellOfMoreLines(all.length, given.lines, ALL, out)
  }
  await followLife(client, lines, seen.life, out)
  await followNextLives(seen.socket, seen.process, out)
  out.say(`${seen.name} has ended: ${explainEnd(seen)}.`)
}

/** The last lines of the lives before, where the present one has not said as much as is asked for. */
function linesBefore(records: readonly LogLine[], lines: number, life: Life | undefined): readonly LogLine[] {
  const wanted = lines - records.length
  const first = records[0]?.time
  if (wanted <= 0 || first === undefined || !life) return []
  const filed = parseLogLines(readLogTail(life, lines * 2) ?? []).filter(isDated)
  const before = (filed.length > 0 ? filed : (life.end?.log ?? [])).filter(({ time }) => time < first)
  return before.slice(-wanted)
}

function isDated(record: FiledRecord): record is FiledRecord & LogLine {
  return record.time !== null
}

/** A process that was killed could not say so: its record does not tell of an end. */
function explainEnd({ name, socket }: Sighting & { state: 'answers' }): string {
  const end = readLife(name, dirname(socket))?.end
  return end ? describeEnd(end) : 'how is not known'
}

async function readRecords(
  client: ControlClient,
  lines: number,
  follow: boolean,
): Promise<readonly LogLine[]> {
  const answer = (await client.call('logs', { lines, follow })) as { readonly records?: Json } | null
  return asRecords(answer?.records)
}

/** What is no record is left out. */
function asRecords(told: Json | undefined): readonly LogLine[] {
  const records = Array.isArray(told) ? told.filter((each) => typeof each === 'object' && each !== null) : []
  return records as unknown as readonly LogLine[]
}

/** Follows until the daemon closes its socket. */
async function followLife(
  client: ControlClient,
  lines: number,
  life: Life | undefined,
  out: Output,
): Promise<void> {
  client.on('logs', ({ records, dropped }) => {
    if (dropped) out.warn(`(${dropped} records were left out)`)
    printRecords(asRecords(records), out)
  })
  const records = await readRecords(client, lines, true)
  printRecords([...linesBefore(records, lines, life), ...records], out)
  await client.closed
}

/** A daemon that restarts keeps its process, and has its socket again a moment later. */
async function followNextLives(socket: string, process: ProcessIdentity, out: Output): Promise<void> {
  while (isAlive(process)) {
    const client = await connectControl(socket).catch(() => undefined)
    if (client) await followLife(client, ALL, undefined, out).catch(() => {})
    else await sleep(LOOK_AGAIN)
  }
}

function printRecords(records: readonly LogLine[], out: Output): void {
  for (const record of records) {
    if (out.json) out.printJsonLine(record)
    else out.print(formatLogLine(record, out.style))
  }
}

/**
 * Of a daemon that cannot tell, its log file is what is left, or what it has kept of its log when it ended.
 *
 * @returns how many lines it has shown.
 */
async function showFile(seen: Sighting, lines: number, follow: boolean, out: Output): Promise<number> {
  const { name, life, isForeign } = seen
  const file = life?.logFile ?? (isForeign ? undefined : join(logDirectory(), `${name}.log`))
  const owner = life?.owner ?? process.getuid?.() ?? 0
  const text = file === undefined ? undefined : readLogTail({ logFile: file, owner }, lines)
  const kept = life?.end?.log.slice(-lines) ?? []
  if (!text && kept.length === 0) throw seen.state === 'mute' ? muteError(seen) : await notRunningError(seen)
  const records = text ? parseLogLines(text) : kept
  if (out.json && follow) for (const record of records) out.printJsonLine(record)
  else if (out.json) out.printJson(records)
  else {
    const state = seen.state === 'mute' ? 'does not answer' : 'does not run'
    const from = text ? `From ${file}` : 'Its last lines'
    out.say(`${name} ${state}${follow ? ', and cannot be followed' : ''}. ${from}:`)
    if (text) for (const line of text) out.print(line)
    else printRecords(kept, out)
    if (life?.end && !life.isAlive) out.say(`It has ended: ${describeEnd(life.end)}.`)
  }
  if (isForeign) return records.length
  const printed = printedFile(name)
  if ((statSync(printed, { throwIfNoEntry: false })?.size ?? 0) > 0)
    out.say(`What it has printed besides is in ${printed}`)
  return records.length
}
