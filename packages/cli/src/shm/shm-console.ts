import { fstatSync } from 'node:fs'
import { SdError, suggestName } from '@sd/core'
import type { Segment, SegmentChange } from '@sd/shm'
import { type LineConsole, openLineConsole } from '../line-console/line-console.ts'
import { formatJson } from '../output/format-json.ts'
import { formatTable } from '../output/format-table.ts'
import { formatBytes } from '../output/format-values.ts'
import type { Output } from '../output/output.ts'
import { cutText } from '../text/display-width.ts'
import { formatShortValue, formatValue, valueAsJson } from './format-value.ts'
import { loadShm, type Shm } from './load-shm.ts'
import { formatKey, readKey } from './segment-key-text.ts'
import { describeSegments } from './segment-list.ts'
import { changeAsJson, formatChange, type SegmentWatch, watchSegment } from './segment-watch.ts'

/** What `sd-cli shm` is called with. */
export interface ShmArguments {
  readonly segment: string | undefined
  /** One command, instead of a console. */
  readonly command: readonly string[] | undefined
}

const HELP = [
  ['list', 'shows the segments of this user'],
  ['addr NAME', 'goes on with another segment'],
  ['scan [PREFIX]', 'shows the keys that begin with it, and their values'],
  ['show KEY', 'shows a value as a whole'],
  ['watch [PREFIX]', 'tells of each change from now on; Ctrl-C ends it'],
  ['rewatch', 'the same watch again, also of another segment'],
  ['unwatch', 'ends the watch'],
  ['stats', 'how full it is, and who has it open'],
  ['!!', 'does the last line again'],
  ['exit', 'leaves; so do Ctrl-D and Ctrl-C'],
]

const COMMANDS = ['list', 'addr', 'scan', 'show', 'watch', 'rewatch', 'unwatch', 'stats', 'help', 'exit']

/** What keys may be completed from: more would take too long to look through. */
const MOST_COMPLETIONS = 1000

/**
 * The shared-memory console. It only reads: a segment that is not there is not made.
 *
 * @returns the exit code.
 * @throws SdError `SD_CLI_SHM_MISSING`, and what `openSegment` throws.
 */
export async function openShmConsole({ segment, command = [] }: ShmArguments, out: Output): Promise<number> {
  const shm = await loadShm()
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const list = async (): Promise<number> => {
    await printSegments(shm, out)
    return 0
  }
  // A program that asks for JSON need not close our stdin.
  if (segment === undefined && (out.json || !(isTerminal || hasScript()))) return list()
  const opened = segment === undefined ? undefined : await shm.openSegment(segment, { create: false })
  const console = new ShmConsole(shm, out, opened)
  const isFine = await console.run(command)
  // What calls us may give every command a pipe.
  if (segment === undefined && !isTerminal && !console.wasTold) return list()
  return isFine ? 0 : 1
}

/** Whether lines may come from stdin: from a pipe, or a file. */
function hasScript(): boolean {
  const status = fstatSync(process.stdin.fd)
  return status.isFIFO() || status.isSocket() || status.isFile()
}

async function printSegments(shm: Shm, out: Output): Promise<void> {
  const rows = await describeSegments(shm)
  if (out.json) out.printJson(rows)
  else if (rows.length === 0) out.say('There is no shared memory of this user.')
  else out.print(formatSegments(rows, out))
}

function formatSegments(rows: Awaited<ReturnType<typeof describeSegments>>, { style }: Output): string {
  const columns = [{ title: 'segment' }, { title: 'memory', align: 'right' as const }, { title: 'changed' }]
  const cells = rows.map(({ name, memory, changed }) => [
    name,
    memory === null ? '-' : formatBytes(memory),
    changed === null ? '-' : new Date(changed).toLocaleString('sv'),
  ])
  return formatTable({ columns, rows: cells }, style)
}

class ShmConsole {
  readonly #shm: Shm
  readonly #out: Output
  #console: LineConsole | undefined
  #segment: Segment | undefined
  #watch: SegmentWatch | undefined
  /** Whether there was any line to run. */
  wasTold = false
  /** For `rewatch`. */
  #lastPrefix: string | undefined

  constructor(shm: Shm, out: Output, segment: Segment | undefined) {
    this.#shm = shm
    this.#out = out
    this.#segment = segment
  }

  /** @param command - one command; empty: those that are typed. @returns whether all went well. */
  async run(command: readonly string[]): Promise<boolean> {
    try {
      return command.length > 0 ? await this.#runOne(command) : await this.#converse()
    } finally {
      this.#watch?.end()
      await this.#segment?.close()
    }
  }

  async #runOne(command: readonly string[]): Promise<boolean> {
    await this.#do(command.join(' '))
    await this.#watch?.ended
    return true
  }

  async #converse(): Promise<boolean> {
    this.#console = openLineConsole({
      name: 'shm',
      prompt: () => (this.#segment ? `shm ${this.#segment.name}> ` : 'shm> '),
      run: (line) => {
        this.wasTold = true
        return this.#do(line)
      },
      complete: (line) => this.#complete(line),
      interrupt: () => this.#endWatch(),
      // A script that ends with a watch goes on with it.
      end: () => (this.#console?.isInteractive ? undefined : this.#watch?.ended.catch(() => {})),
    })
    if (this.#console.isInteractive && !this.#segment) await this.#list()
    if (this.#console.isInteractive) {
      this.#say(
        this.#segment
          ? 'Type scan, show KEY, watch, or help.'
          : 'Choose one with "addr NAME"; "help" tells more.',
      )
    }
    return await this.#console.left
  }

  async #do(line: string): Promise<void> {
    const [word = ''] = line.split(/\s/, 1)
    const rest = line.slice(word.length).trim()
    try {
      await this.#obey(word, rest)
    } catch (error) {
      if ((error as SdError).code === 'SD_SHM_DESTROYED') await this.#detach()
      throw error
    }
  }

  async #obey(word: string, rest: string): Promise<void> {
    switch (word) {
      case 'list':
        return await this.#list()
      case 'addr':
        return await this.#open(rest)
      case 'scan':
        return await this.#scan(readKey(rest))
      case 'show':
        return await this.#show(readKey(rest))
      case 'watch':
        return this.#startWatch(readKey(rest))
      case 'rewatch':
        return this.#rewatch()
      case 'unwatch':
        if (!this.#endWatch()) throw usage('Nothing is watched.')
        return
      case 'stats':
        return this.#showStatistics()
      case 'help':
      case '?':
        return this.#print(HELP.map(([command, meaning]) => `  ${command!.padEnd(16)}${meaning}`).join('\n'))
      case 'exit':
      case 'quit':
        return this.#console?.leave()
      default:
        throw usage(
          `There is no command "${word}".${suggestName(word, COMMANDS)} Type help to see what there is.`,
        )
    }
  }

  async #list(): Promise<void> {
    const rows = await describeSegments(this.#shm)
    if (this.#out.json) this.#print(formatJson(rows))
    else if (rows.length === 0) this.#say('There is no shared memory of this user.')
    else await this.#page(formatSegments(rows, this.#out).split('\n'))
  }

  async #open(name: string): Promise<void> {
    if (name === '') throw usage('"addr" takes the name of a segment; "list" shows them.')
    const opened = await this.#shm.openSegment(name, { create: false })
    await this.#detach()
    this.#segment = opened
    this.#console?.refresh()
  }

  async #scan(prefix: string): Promise<void> {
    const segment = this.#present
    const keys = segment.keys(prefix)
    if (keys.length === 0)
      this.#say(prefix === '' ? 'It is empty.' : `No key begins with ${formatKey(prefix)}.`)
    await this.#page(this.#describeEntries(segment, keys))
  }

  /** Read when they are shown: there may be many. */
  *#describeEntries(segment: Segment, keys: readonly string[]): Generator<string> {
    const width = Math.min(40, Math.max(0, ...keys.map(({ length }) => length)))
    for (const key of keys) {
      const value = segment.get(key)
      if (value === undefined) continue
      if (this.#out.json) yield formatJson({ key, ...valueAsJson(value) })
      else yield this.#cut(`${formatKey(key).padEnd(width)}  ${formatShortValue(value)}`)
    }
  }

  async #show(key: string): Promise<void> {
    if (key === '') throw usage('"show" takes a key; "scan" shows them.')
    const value = this.#present.get(key)
    if (value === undefined) throw new SdError('SD_CLI_NO_KEY', `There is no key ${formatKey(key)}.`, { key })
    if (this.#out.json) return this.#print(formatJson({ key, ...valueAsJson(value) }))
    const columns = this.#console?.columns ?? this.#terminalColumns
    await this.#page(formatValue(value, columns).split('\n'))
  }

  #startWatch(prefix: string): void {
    const segment = this.#present
    this.#endWatch()
    this.#lastPrefix = prefix
    const watch = watchSegment(segment, prefix, (change) => this.#tell(change))
    this.#watch = watch
    const what = prefix === '' ? 'all keys' : `keys that begin with ${formatKey(prefix)}`
    this.#say(`Watching ${what} of ${segment.name}.${this.#console?.isInteractive ? ' Ctrl-C ends it.' : ''}`)
    if (!this.#console) return
    watch.ended.catch(async (error) => {
      await this.#detach()
      this.#console?.showError(error)
    })
  }

  #rewatch(): void {
    if (this.#lastPrefix === undefined) throw usage('Nothing was watched yet: use "watch [PREFIX]" first.')
    this.#startWatch(this.#lastPrefix)
  }

  #tell(change: SegmentChange): void {
    const now = new Date()
    const columns = this.#console?.columns ?? this.#terminalColumns
    this.#print(this.#out.json ? changeAsJson(change, now) : formatChange(change, now, columns))
  }

  #endWatch(): boolean {
    if (!this.#watch) return false
    this.#say('The watch has ended.')
    this.#watch.end()
    this.#watch = undefined
    return true
  }

  #showStatistics(): void {
    const statistics = this.#present.statistics()
    if (this.#out.json) return this.#print(formatJson(statistics))
    const { name, directory, size, used, peak, entries, transaction, readers, owners } = statistics
    const rows = [
      ['segment', `${name}, in ${directory}`],
      ['used', `${formatBytes(used)} of ${formatBytes(size)}, ${formatBytes(peak)} at most so far`],
      ['keys', String(entries)],
      ['last transaction', String(transaction)],
      ['readers', `${readers.now} of ${readers.most}`],
      [
        'open in',
        owners.map(({ pid, thread }) => `pid ${pid}${thread === 0 ? '' : `, thread ${thread}`}`).join('; '),
      ],
    ]
    this.#print(rows.map(([title, fact]) => `${title!.padEnd(18)}${fact}`).join('\n'))
  }

  async #detach(): Promise<void> {
    this.#watch?.end()
    this.#watch = undefined
    const segment = this.#segment
    this.#segment = undefined
    await segment?.close()
    this.#console?.refresh()
  }

  async #complete(line: string): Promise<readonly string[]> {
    const [first, second] = line.split(/\s+/)
    if (second === undefined) return COMMANDS
    if (first === 'addr') return await this.#shm.listSegments()
    if (!this.#segment || !['scan', 'show', 'watch'].includes(first ?? '')) return []
    return this.#segment.keys(second).slice(0, MOST_COMPLETIONS)
  }

  get #present(): Segment {
    if (this.#segment) return this.#segment
    throw usage('No segment is open: choose one with "addr NAME"; "list" shows them.')
  }

  get #terminalColumns(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined
  }

  #cut(line: string): string {
    const columns = this.#console?.columns ?? this.#terminalColumns
    return columns === undefined ? line : cutText(line, columns)
  }

  #print(text: string): void {
    if (this.#console) this.#console.print(text)
    else this.#out.print(text)
  }

  #say(text: string): void {
    if (this.#console) this.#console.say(text)
    else this.#out.say(text)
  }

  async #page(lines: Iterable<string>): Promise<void> {
    if (this.#console) return await this.#console.page(lines)
    for (const line of lines) this.#out.print(line)
  }
}

function usage(message: string): SdError {
  return new SdError('SD_CLI_USAGE', message)
}
