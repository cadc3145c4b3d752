import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ControlClient, connectControl } from '@sd/control/client'
import type { Json } from '@sd/core'
import { isAlive, type ProcessIdentity } from '@sd/core/process-identity'
import { muteError, notRunningError } from '../daemons/ask-daemon.ts'
import type { LogLine } from '../daemons/daemon-status.ts'
import { lookForShown, type Sighting } from '../daemons/sighting.ts'
import { logDirectory } from '../launch/log-directory.ts'
import { printedFile } from '../launch/printed-file.ts'
import { formatLogLine } from '../output/format-log-line.ts'
import type { Output } from '../output/output.ts'
import { readLineCount } from '../read-line-count.ts'
import { parseLogLines } from './parse-log-lines.ts'
import { readLastLines } from './read-last-lines.ts'

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
  if (seen.state !== 'answers') return showFile(seen, lines, follow, out)
  const client = await connectControl(seen.socket)
  if (!follow) {
    const records = await readRecords(client, lines, false).finally(() => client.close())
    if (out.json) out.printJson(records)
    else printRecords(records, out)
    return
  }
  await followLife(client, lines, out)
  await followNextLives(seen.socket, seen.process, out)
  out.say(`${seen.name} has stopped.`)
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
async function followLife(client: ControlClient, lines: number, out: Output): Promise<void> {
  client.on('logs', ({ records, dropped }) => {
    if (dropped) out.warn(`(${dropped} records were left out)`)
    printRecords(asRecords(records), out)
  })
  printRecords(await readRecords(client, lines, true), out)
  await client.closed
}

/** A daemon that restarts keeps its process, and has its socket again a moment later. */
async function followNextLives(socket: string, process: ProcessIdentity, out: Output): Promise<void> {
  while (isAlive(process)) {
    const client = await connectControl(socket).catch(() => undefined)
    if (client) await followLife(client, ALL, out).catch(() => {})
    else await sleep(LOOK_AGAIN)
  }
}

function printRecords(records: readonly LogLine[], out: Output): void {
  for (const record of records) {
    if (out.json) out.printJsonLine(record)
    else out.print(formatLogLine(record, out.style))
  }
}

/** Of a daemon that cannot tell, the log that we gave it is what is left. */
async function showFile(seen: Sighting, lines: number, follow: boolean, out: Output): Promise<void> {
  const { name } = seen
  const file = join(logDirectory(), `${name}.log`)
  if (!existsSync(file)) throw seen.state === 'mute' ? muteError(seen) : await notRunningError(seen)
  const text = readLastLines(file, lines)
  if (out.json && follow) for (const record of parseLogLines(text)) out.printJsonLine(record)
  else if (out.json) out.printJson(parseLogLines(text))
  else {
    const state = seen.state === 'mute' ? 'does not answer' : 'does not run'
    out.say(`${name} ${state}${follow ? ', and cannot be followed' : ''}. From ${file}:`)
    for (const line of text) out.print(line)
  }
  const printed = printedFile(name)
  if ((statSync(printed, { throwIfNoEntry: false })?.size ?? 0) > 0)
    out.say(`What it has printed besides is in ${printed}`)
}
