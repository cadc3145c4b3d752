import { type DaemonBase, type LifeChange, openRunDirectory, type StopReport, systemClock } from '@sd/core'
import { identify, readBoot } from '@sd/core/process-identity'
import {
  endWithoutWord,
  isLifeAlive,
  lifePath,
  listRecords,
  readRecord,
  writeLifeRecord,
} from './life-file.ts'
import {
  describeError,
  isCrash,
  type KeptLine,
  type LifeEnd,
  type LifeRecord,
  MOST_LINES,
} from './life-record.ts'

/** What of a daemon says that its life is recorded already, by whichever copy of this package. */
const RECORDED = 'lifeRecord'

/**
 * Records a daemon's life in the run directory, for whatever looks at it from outside. Nothing is written before it starts,
 * and then only when its life comes to another state. The record of another process that lives is left alone. Does nothing
 * where the life is recorded already.
 */
export function recordLife(daemon: DaemonBase): void {
  let recorder: LifeRecorder | undefined
  daemon.on('life', (change) => {
    if (change.state === 'starting' && !daemon.is(RECORDED)) {
      daemon.set(RECORDED, true)
      try {
        recorder = new LifeRecorder(daemon)
      } catch {
        // There is no run directory. Where a plugin needs one, its setup says so.
      }
    }
    recorder?.take(change)
  })
}

/**
 * Records that this process has failed before its daemon could: it was replaced in place, and the new program cannot be
 * loaded. Does nothing where there is nothing to record.
 */
export function recordFailedLoad(error: Error): void {
  const identity = ownIdentity()
  const own = listRecords().find(({ record }) => isSameProcess(record.process, identity))
  if (!own || own.record.state === 'ended') return
  const at = new Date().toISOString()
  const end: LifeEnd = {
    ...{ pid: process.pid, at, reason: 'failed-start', why: 'it cannot be loaded' },
    ...{ exitCode: 1, uptime: 0, error: describeError(error), log: [] },
  }
  tryToWrite(own.path, { ...own.record, state: 'ended', since: at, ...addEnd(own.record, end) })
}

/** Writes the record of one life. */
class LifeRecorder {
  readonly #daemon: DaemonBase
  readonly #path: string
  readonly #startedAt = systemClock.now()
  readonly #lines: KeptLine[] = []
  readonly #onExit = (code: number): void => this.#takeExit(code)
  #record: LifeRecord
  /** Whether the run directory may be written to. */
  #isOpen = false

  constructor(daemon: DaemonBase) {
    this.#daemon = daemon
    this.#path = lifePath(daemon.name)
    this.#record = {
      ...{ name: daemon.name, process: ownIdentity(), state: 'starting', since: new Date().toISOString() },
      ...{ reason: null, retry: null, end: null, crash: null },
      ...{ program: process.argv[1] ?? null, outFile: daemon.get('outFile') ?? null },
      ...{ logFile: daemon.get('logFile') ?? null, pidFile: daemon.get('pidFile') ?? null },
    }
    daemon.on('log', ({ time, pid, label, level, message }) => {
      this.#lines.push({ time: time.toISOString(), pid, label, level, message })
      if (this.#lines.length > MOST_LINES) this.#lines.shift()
      // The log's file changes its name over time.
      if (this.#record.logFile !== (daemon.get('logFile') ?? null)) this.#write()
    })
    process.on('exit', this.#onExit)
    // Nothing in it waits for anything.
    const opened = openRunDirectory().then(() => {
      this.#isOpen = true
      this.#inherit()
      this.#write()
    })
    // Whatever cannot go on without that directory says what is wrong with it.
    opened.catch(() => {})
  }

  /** The life has come to another state. */
  take({ state, reason, report, retry }: LifeChange): void {
    if (state === 'starting') return
    const before = this.#record
    // One that fails again and again is about to be tried until it runs.
    const isRetried = before.state === 'retrying' && state === 'restarting'
    this.#record = {
      ...before,
      state: isRetried ? 'retrying' : state,
      since: new Date().toISOString(),
      reason: reason ?? null,
      retry: retry
        ? { reason: reason ?? '', failures: retry.failures, limit: retry.limit, next: inFuture(retry.delay) }
        : isRetried && before.retry
          ? { ...before.retry, next: null }
          : null,
      ...(report && addEnd(before, this.#describeEnd(report, reason, state === 'ended'))),
    }
    this.#write()
    if (state === 'ended') process.off('exit', this.#onExit)
  }

  /** Takes over what is told of the life before. */
  #inherit(): void {
    const found = readRecord(this.#path, this.#record.name)?.record
    if (!found || this.#isAnothers(found)) return
    const { state, end, crash, retry } = found
    if (!isSameProcess(found.process, this.#record.process)) {
      const last = state === 'ended' ? { end, crash } : endWithoutWord(found)
      this.#record = { ...this.#record, end: last.end, crash: last.crash }
    } else {
      // Replaced in place.
      const isRetried = state === 'retrying' && this.#record.state === 'starting'
      this.#record = { ...this.#record, end, crash, ...(isRetried && { state, retry }) }
    }
  }

  #isAnothers(found: LifeRecord): boolean {
    // One that stops is about to leave its name to the next.
    if (isSameProcess(found.process, this.#record.process) || found.state === 'stopping') return false
    return found.state !== 'ended' && isLifeAlive(found)
  }

  #describeEnd(report: StopReport, reason: string | undefined, isOver: boolean): LifeEnd {
    const unfinished = report.unfinished.map(({ who, what }) => `${who} ${what}`)
    return this.#makeEnd({
      reason: report.reason,
      why: [reason ?? report.signal ?? report.reason, ...unfinished].join('; '),
      exitCode: isOver ? report.exitCode : null,
      error: report.error ? describeError(report.error) : null,
    })
  }

  #makeEnd(facts: Pick<LifeEnd, 'reason' | 'why' | 'exitCode' | 'error'>): LifeEnd {
    const uptime = Math.round(systemClock.now() - this.#startedAt)
    return { pid: process.pid, at: new Date().toISOString(), uptime, log: [...this.#lines], ...facts }
  }

  /** The process ends, and the daemon has not. */
  #takeExit(exitCode: number): void {
    const { state, reason } = this.#record
    // For what listens here, the program also ends where the process is about to be replaced.
    if (state === 'restarting' || state === 'retrying') return
    const why =
      state === 'stopping'
        ? `${reason}, and the process ended before the daemon had stopped`
        : 'the process ended'
    const end = this.#makeEnd({ reason: 'exit', why, exitCode, error: null })
    this.#record = { ...this.#record, state: 'ended', since: end.at!, ...addEnd(this.#record, end) }
    this.#write()
  }

  #write(): void {
    if (!this.#isOpen) return
    const present = readRecord(this.#path, this.#record.name)?.record
    if (present && this.#isAnothers(present)) return
    this.#record = { ...this.#record, logFile: this.#daemon.get('logFile') ?? null }
    tryToWrite(this.#path, this.#record)
  }
}

/** A crash is kept until another one comes. */
function addEnd(before: LifeRecord, end: LifeEnd): Pick<LifeRecord, 'end' | 'crash'> {
  // The end of one life is told twice, when it is replaced or given up after a pause.
  const last = before.end
  if (isCrash(end)) return { end, crash: null }
  return { end, crash: last && isCrash(last) ? last : before.crash }
}

/** It is no daemon's life that hangs on this: the disk may be full, or the directory gone. */
function tryToWrite(path: string, record: LifeRecord): void {
  try {
    writeLifeRecord(path, record)
  } catch {
    // What looks at it sees the record before, and what has become of its process.
  }
}

function ownIdentity(): LifeRecord['process'] {
  const { pid } = process
  return { pid, startTime: identify(pid)?.startTime ?? '', boot: readBoot() }
}

function isSameProcess(one: LifeRecord['process'], other: LifeRecord['process']): boolean {
  return one.pid === other.pid && one.startTime === other.startTime && one.boot === other.boot
}

function inFuture(delay: number): string {
  return new Date(Date.now() + delay).toISOString()
}
