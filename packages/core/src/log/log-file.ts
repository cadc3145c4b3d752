import * as fs from 'node:fs'
import { constants, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Clock, Timer } from '../clock.ts'
import { toError } from '../sd-error.ts'

/** The file name is asked for again at each multiple of this many milliseconds of the day's time. */
const NAME_PERIOD = 5 * 60_000
/** Text waiting for the disk is bounded: what comes on top is dropped and counted. Characters. */
const MOST_WAITING = 4 * 1024 * 1024
/** Milliseconds until a failed write is tried again. */
const RETRY_AFTER = 1000
/** Milliseconds between looks at whether the file was moved away. */
const LOOK_AFTER = 1000

/** NONBLOCK: a named pipe that nobody reads must not block the daemon; a regular file does not care. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

const open = promisify(fs.open)
const fileStat = promisify(fs.fstat)
const pathStat = promisify(fs.stat)
const close = promisify(fs.close)
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

/**
 * Appends text to a file that changes its name over time. Text is written by one asynchronous write at a
 * time. When the disk is full or the file cannot be opened, text is dropped and counted, the daemon goes on,
 * and the count is written as soon as there is room.
 */
export class LogFile {
  readonly #settings: LogFileSettings
  #waiting: string[] = []
  #waitingSize = 0
  #dropped = 0
  #file: { readonly name: string; readonly descriptor: number; readonly stat: Stats } | undefined
  #period = Number.NaN
  #name = ''
  #lookedAt = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined
  #retry: Timer | undefined
  #failing = false
  #closed = false

  constructor(settings: LogFileSettings) {
    this.#settings = settings
  }

  /** How many messages were dropped and not yet reported. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes text to write. Never throws, never waits. */
  write(text: string): void {
    if (this.#waitingSize + text.length > MOST_WAITING) {
      this.#dropped++
      return
    }
    this.#waiting.push(text)
    this.#waitingSize += text.length
    if (!this.#retry) this.#start()
  }

  /** Resolves when all that was written so far is on its way to the disk, or the disk refused it. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Writes what waits without waiting for anything: for the moment before the process ends. */
  flushNow(): void {
    if (this.#waiting.length === 0 || this.#failing) return
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#waitingSize = 0
    try {
      const descriptor = this.#file?.descriptor ?? fs.openSync(this.#currentName(), OPEN_FLAGS, 0o666)
      fs.writeSync(descriptor, text)
    } catch {
      // The process is ending and the disk refuses: there is nobody left to tell.
    }
  }

  /** Flushes and closes. Later text is still taken, for `flushNow`. */
  async close(): Promise<void> {
    this.#closed = true
    this.#retry?.cancel()
    await this.flush()
    const file = this.#file
    this.#file = undefined
    if (file) await close(file.descriptor).catch(() => {})
  }

  #start(): void {
    if (this.#writing || this.#closed) return
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0 && !this.#retry) this.#start()
    })
  }

  async #drain(): Promise<void> {
    // Lines of one turn of the event loop go out in one write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      this.#waitingSize = 0
      let count = batch.length
      try {
        const descriptor = await this.#openFile()
        const missing = this.#dropped
        const note = missing > 0 ? [this.#settings.note(droppedNote(missing))] : []
        const bytes = Buffer.from([...note, ...batch].join(''))
        await writeAll(descriptor, bytes, (written) => {
          count = linesAfter(bytes, written)
        })
        this.#dropped -= missing
        this.#failing = false
      } catch (thrown) {
        this.#dropped += count
        this.#fail(toError(thrown))
        return
      }
    }
  }

  #fail(error: Error): void {
    if (!this.#failing) {
      this.#failing = true
      this.#settings.onFailure(error, this.#name)
    }
    if (this.#closed) return
    this.#retry = this.#settings.clock.after(
      RETRY_AFTER,
      () => {
        this.#retry = undefined
        this.#lookedAt = Number.NEGATIVE_INFINITY
        // The count itself waits to be written, so the log says so even when nothing new comes.
        if (this.#waiting.length === 0 && this.#dropped > 0) this.#waiting.push('')
        this.#start()
      },
      false,
    )
  }

  /** The name for the present 5 minutes. */
  #currentName(): string {
    const period = Math.floor(this.#settings.clock.date().getTime() / NAME_PERIOD)
    if (period !== this.#period) {
      this.#name = this.#settings.fileName()
      this.#period = period
    }
    return this.#name
  }

  async #openFile(): Promise<number> {
    const name = this.#currentName()
    if (this.#file && this.#file.name === name && !(await this.#wasMoved(this.#file))) {
      return this.#file.descriptor
    }
    const old = this.#file
    this.#file = undefined
    if (old) await close(old.descriptor).catch(() => {})
    await makeDirectory(dirname(name), { recursive: true })
    const descriptor = await open(name, OPEN_FLAGS, 0o666)
    const stat = await fileStat(descriptor)
    this.#file = { name, descriptor, stat }
    this.#lookedAt = this.#settings.clock.now()
    if (stat.isFile() && stat.size === 0) await writeAll(descriptor, Buffer.from(this.#settings.header))
    return descriptor
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

function droppedNote(count: number): string {
  return `${count} log ${count === 1 ? 'message was' : 'messages were'} dropped because the log could not be written.`
}

/** How many lines of `bytes` begin at or after `offset`: what a partial write left out. */
function linesAfter(bytes: Buffer, offset: number): number {
  let lines = 0
  for (let at = bytes.indexOf(10, offset); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  return lines
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
