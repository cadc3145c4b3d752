import * as fs from 'node:fs'
import { constants, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Clock, Timer } from '../clock.ts'
import { readFileKind } from '../directory/file-kind.ts'
import { isPlanted } from '../directory/ownership.ts'
import { describe } from '../resolve-options.ts'
import { toError } from '../sd-error.ts'

/** The file name is asked for again at each multiple of this many milliseconds of the day's time. */
const NAME_PERIOD = 5 * 60_000
/** Text waiting for a disk that fails, or does not answer, is bounded: what comes on top is dropped and counted. Characters. */
const MOST_WAITING = 4 * 1024 * 1024
/** A writer that can wait is asked to when more than this waits. Characters. */
const HIGH_WATER_MARK = 256 * 1024
/** Milliseconds after which a write that has not ended counts as stuck. */
const STUCK_AFTER = 2000
/** Milliseconds until a failed write is tried again. */
const RETRY_AFTER = 1000
/** Milliseconds between looks at whether the file was moved away. */
const LOOK_AFTER = 1000
/** Milliseconds that `close` waits for a disk that does not answer at all. */
const CLOSE_WITHIN = 2000

/** NONBLOCK: a named pipe that nobody reads must not block the daemon; a regular file does not care. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** A new file is for its owner, and its group to read: logs tell more than every user should know. */
const MODE = 0o640

/** Links that the system makes, and no user can put there: `/dev/stdout`. */
const SYSTEM_LINK = /^\/(dev|proc)\//

const open = promisify(fs.open)
const fileStat = promisify(fs.fstat)
const pathStat = promisify(fs.stat)
const closeDescriptor = promisify(fs.close)
const makeDirectory = promisify(fs.mkdir)

/** What a {@link LogFile} needs. */
export interface LogFileSettings {
  readonly clock: Clock
  /** The file name for now. */
  readonly fileName: () => string
  /** Written on top of a new file. */
  readonly header: string
  /** Formats a message of the log's own (how much was dropped). */
  readonly note: (message: string) => string
  /** Told when the disk begins to fail, so that somebody hears of it. */
  readonly onFailure: (error: Error, fileName: string) => void
}

/** How the log's file is doing. */
export interface LogStatus {
  /** Where it is written at present, absolute; undefined where the log is no file. */
  readonly file: string | undefined
  /** How many messages were dropped since the start, because the file could not be written. */
  readonly dropped: number
  /** Why it cannot be written at present. */
  readonly problem: string | undefined
}

/** Messages that were dropped, in their place among those that wait. */
interface Gap {
  missing: number
}

/**
 * Appends text to a file that changes its name over time. Text is written by one asynchronous write at a
 * time; where one turn of the event loop makes more than is to be kept, it is written at once. When the disk is full,
 * does not answer, or the file cannot be opened, text is dropped and counted, the daemon goes on, and the count is written
 * in its place as soon as there is room.
 */
export class LogFile {
  readonly #settings: LogFileSettings
  /** Each is one message. They stay here until the moment of their write, where `flushNow` finds them. */
  #waiting: (string | Gap)[] = []
  #waitingSize = 0
  #dropped = 0
  #droppedBefore = 0
  #file: { readonly name: string; readonly descriptor: number; readonly stat: Stats } | undefined
  #period = Number.NaN
  #name = ''
  #lookedAt = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined
  /** Counts the times that the file was left to the system: from an odd number on it is at work, and may not be disturbed. */
  #handOvers = 0
  #isStuck = false
  #stuckTimer: Timer | undefined
  #retry: Timer | undefined
  #problem: string | undefined
  #closing = false
  #closed = false

  constructor(settings: LogFileSettings) {
    this.#settings = settings
  }

  /** How many messages were dropped and not yet reported. */
  get dropped(): number {
    return this.#dropped
  }

  status(): LogStatus {
    const dropped = this.#dropped + this.#droppedBefore
    return { file: this.#presentFile(), dropped, problem: this.#problem }
  }

  /** Takes text to write. Never throws, never waits, except after `close`: then it writes at once. */
  write(text: string): void {
    if (this.#waitingSize + text.length > MOST_WAITING && !this.#makeRoom()) return this.#drop(1)
    this.#waiting.push(text)
    this.#waitingSize += text.length
    if (this.#closed) this.flushNow()
    else if (!this.#retry) this.#start()
  }

  /** Resolves when there is room again for a writer that can wait; undefined where there is. */
  room(): Promise<void> | undefined {
    return this.#waitingSize > HIGH_WATER_MARK ? this.flush() : undefined
  }

  /** Resolves when all that was written so far is on its way to the disk, or the disk refused it. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Writes what waits without waiting for anything: for the moment before the process ends. */
  flushNow(): void {
    if (this.#waiting.length === 0) return
    const entries = this.#take()
    const texts = entries.map((entry) => this.#render(entry))
    let opened: number | undefined
    let written = 0
    try {
      opened = this.#file ? undefined : this.#openNow()
      const descriptor = this.#file?.descriptor ?? opened!
      const bytes = Buffer.from(texts.join(''))
      while (written < bytes.length) written += fs.writeSync(descriptor, bytes, written)
    } catch {
      // It is counted.
    }
    this.#settle(entries, countWithin(written, texts))
    if (opened !== undefined) closeNow(opened)
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    this.#closing = true
    this.#endRetry()
    if (this.#waiting.length > 0) this.#start()
    let limit: NodeJS.Timeout | undefined
    const tooLate = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, CLOSE_WITHIN)
    })
    await Promise.race([this.flush(), tooLate])
    clearTimeout(limit)
    this.#closed = true
    if (!this.#writing) await this.#closeFile()
  }

  #start(): void {
    if (this.#writing) return
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined
      if (this.#waitingSize > 0 && !this.#retry) this.#start()
    })
  }

  async #drain(): Promise<void> {
    // Lines of one turn of the event loop go out in one write.
    await Promise.resolve()
    this.#handOvers++
    try {
      do {
        await this.#writeWaiting(await this.#openFile())
        this.#problem = undefined
      } while (this.#waiting.length > 0)
    } catch (thrown) {
      const entries = this.#take()
      this.#settle(entries, 0)
      await this.#fail(toError(thrown))
    } finally {
      this.#handOvers++
      this.#isStuck = false
      this.#stuckTimer?.cancel()
      this.#stuckTimer = undefined
    }
  }

  async #writeWaiting(descriptor: number): Promise<void> {
    const entries = this.#take()
    const texts = entries.map((entry) => this.#render(entry))
    let written = 0
    try {
      await writeAll(descriptor, Buffer.from(texts.join('')), (progress) => {
        written = progress
      })
    } finally {
      this.#settle(entries, countWithin(written, texts))
    }
  }

  /** @returns false where nothing more is to be kept. */
  #makeRoom(): boolean {
    if (this.#problem !== undefined || this.#isStuck) return false
    if (this.#handOvers % 2 === 0) this.flushNow()
    else this.#watch()
    return true
  }

  /** Finds out whether the disk still answers. It may be this process that has not listened. */
  #watch(): void {
    const handOver = this.#handOvers
    this.#stuckTimer ??= this.#settings.clock.after(
      STUCK_AFTER,
      () =>
        void setImmediate(() => {
          this.#isStuck = this.#handOvers === handOver
        }).unref(),
      false,
    )
  }

  #drop(count: number): void {
    const last = this.#waiting.at(-1)
    if (typeof last === 'object') last.missing += count
    else this.#waiting.push({ missing: count })
    this.#dropped += count
  }

  /** Notes what has become of entries that were taken: those behind the first `written` are lost. */
  #settle(entries: readonly (string | Gap)[], written: number): void {
    let lost = 0
    entries.forEach((entry, index) => {
      const missing = typeof entry === 'string' ? 0 : entry.missing
      if (index >= written) {
        lost += missing || 1
        if (missing === 0) this.#dropped++
      } else if (missing > 0) {
        this.#dropped -= missing
        this.#droppedBefore += missing
      }
    })
    if (lost > 0) this.#waiting.unshift({ missing: lost })
  }

  /** The user's function may fail: a write tells of that. */
  #presentFile(): string | undefined {
    try {
      return resolve(this.#currentName())
    } catch {
      return undefined
    }
  }

  #take(): (string | Gap)[] {
    const entries = this.#waiting
    this.#waiting = []
    this.#waitingSize = 0
    return entries
  }

  #render(entry: string | Gap): string {
    if (typeof entry === 'string') return entry
    const { missing } = entry
    const what = missing === 1 ? 'message was' : 'messages were'
    return this.#settings.note(`${missing} log ${what} dropped because the log could not be written.`)
  }

  async #fail(error: Error): Promise<void> {
    // Opened anew for the next try: the header may be missing, or the file system gone.
    await this.#closeFile()
    const isNews = this.#problem === undefined
    this.#problem = error.message
    if (isNews) this.#settings.onFailure(error, this.#name)
    if (this.#closing) return
    const retry = (): void => {
      this.#retry = undefined
      this.#start()
    }
    this.#retry = this.#settings.clock.after(RETRY_AFTER, retry, false)
  }

  #endRetry(): void {
    this.#retry?.cancel()
    this.#retry = undefined
  }

  /** The name for the present 5 minutes. */
  #currentName(): string {
    const period = Math.floor(this.#settings.clock.date().getTime() / NAME_PERIOD)
    if (period !== this.#period) {
      this.#name = askName(this.#settings.fileName)
      this.#period = period
    }
    return this.#name
  }

  async #openFile(): Promise<number> {
    const name = this.#currentName()
    if (this.#file && this.#file.name === name && !(await this.#wasMoved(this.#file))) {
      return this.#file.descriptor
    }
    await this.#closeFile()
    await makeDirectory(dirname(name), { recursive: true })
    const descriptor = await open(name, openFlags(name), MODE).catch((error) => {
      throw explainOpening(name, error)
    })
    const stat = await fileStat(descriptor)
    if (isRefused(name, stat, await pathStat(dirname(name)))) {
      closeNow(descriptor)
      throw plantedError(name, stat)
    }
    this.#file = { name, descriptor, stat }
    this.#lookedAt = this.#settings.clock.now()
    if (isNew(stat)) await writeAll(descriptor, Buffer.from(this.#settings.header))
    return descriptor
  }

  #openNow(): number {
    const name = this.#currentName()
    fs.mkdirSync(dirname(name), { recursive: true })
    const descriptor = openNow(name)
    const stat = fs.fstatSync(descriptor)
    if (isRefused(name, stat, fs.statSync(dirname(name)))) {
      closeNow(descriptor)
      throw plantedError(name, stat)
    }
    if (isNew(stat)) fs.writeSync(descriptor, this.#settings.header)
    return descriptor
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    if (file) await closeDescriptor(file.descriptor).catch(() => {})
  }

  /** Whether logrotate and its like have moved or removed the open file. Looked up only while writing. */
  async #wasMoved(file: { readonly name: string; readonly stat: Stats }): Promise<boolean> {
    const now = this.#settings.clock.now()
    if (now - this.#lookedAt < LOOK_AFTER) return false
    this.#lookedAt = now
    const there = await pathStat(file.name).catch(() => undefined)
    return there?.ino !== file.stat.ino || there.dev !== file.stat.dev
  }
}

/** The user's function may return anything, and fail. */
function askName(fileName: () => unknown): string {
  let name: unknown
  try {
    name = fileName()
  } catch (cause) {
    throw new Error(`logFile() failed: ${toError(cause).message}. Let it return a file name.`, { cause })
  }
  if (typeof name === 'string' && name !== '') return name
  throw new Error(`logFile() returned ${describe(name)}. Let it return a file name.`)
}

/** Where others may write, a link may lead to a file that only this user can change. */
function openFlags(name: string): number {
  return SYSTEM_LINK.test(name) ? OPEN_FLAGS : OPEN_FLAGS | constants.O_NOFOLLOW
}

function isRefused(name: string, file: Stats, directory: Stats): boolean {
  return !SYSTEM_LINK.test(name) && isPlanted(file, directory)
}

function plantedError(name: string, { uid }: Stats): Error {
  const message = `${name} belongs to user id ${uid}, and every user can write to its directory. Remove it, or choose another directory`
  return Object.assign(new Error(message), { code: 'EACCES' })
}

function openNow(name: string): number {
  try {
    return fs.openSync(name, openFlags(name), MODE)
  } catch (error) {
    throw explainOpening(name, error as NodeJS.ErrnoException)
  }
}

/** The system's words for what lies in the place of a log tell nobody what to do. */
function explainOpening(name: string, error: NodeJS.ErrnoException): Error {
  const kind = readFileKind(name)
  const { code } = error
  let problem: string | undefined
  if (code === 'ELOOP' || code === 'EMLINK') {
    problem = 'is a symbolic link, and a log is not written through one. Name the file that it leads to'
  } else if (code === 'ENXIO' && kind === 'a named pipe') {
    problem = 'is a named pipe that no process reads. Start its reader, or name another file'
  } else if (code === 'ENXIO' || code === 'EISDIR') {
    problem = `is ${kind}. Name another file`
  }
  return problem ? Object.assign(new Error(`${name} ${problem}`, { cause: error }), { code }) : error
}

function isNew(stat: Stats): boolean {
  return stat.isFile() && stat.size === 0
}

function closeNow(descriptor: number): void {
  try {
    fs.closeSync(descriptor)
  } catch {
    // A network disk may complain only now; it was its last chance.
  }
}

/** How many of the texts, written one after the other, end within the first `written` bytes. */
function countWithin(written: number, texts: readonly string[]): number {
  let end = 0
  const first = texts.findIndex((text) => {
    end += Buffer.byteLength(text)
    return end > written
  })
  return first === -1 ? texts.length : first
}

/** A write may take only a part: the rest follows. */
async function writeAll(
  descriptor: number,
  bytes: Buffer,
  onProgress: (written: number) => void = () => {},
): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await new Promise<number>((resolve, reject) =>
      fs.write(descriptor, bytes, offset, bytes.length - offset, null, (error, written) =>
        error ? reject(error) : resolve(written),
      ),
    )
    onProgress(offset)
  }
}
