import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { SdError, systemClock } from '@sd/core'
import { identify, isKnownDead } from '@sd/core/process-identity'
import type { SegmentOwner } from './segment-owner.ts'

/** When it is asked whether somebody who writes still lives: a write takes microseconds. Milliseconds. */
const DOUBT = 2

/** How long somebody is waited for of whom cannot be told whether they live. Milliseconds. */
const PATIENCE_WITH_STRANGERS = 1000

/**
 * Stands before LMDB's lock, so that nobody waits for that one. To wait for it is to stand still, the event loop with
 * it, for as long as its holder likes: one that is stopped (SIGSTOP) in the middle of a write would stop all others.
 *
 * It is a symbolic link that names who writes: made and removed with one system call each, and it exists or not. No
 * data depends on it. Who was killed leaves it behind; to remove it then may once in a long while let two through,
 * who then wait for each other at LMDB's lock for the time of one write.
 */
export class WriteGate {
  readonly #path: string
  readonly #self: string
  #entries = 0
  readonly #own: GateKeeper
  #isIn = false
  /** Whether something is in its place that is no gate. */
  #isBlocked = false
  /** Whom the last looks found, and since when. */
  #seen: { readonly text: string; readonly since: number } | undefined

  constructor(directory: string, self: SegmentOwner) {
    this.#path = join(directory, 'gate')
    this.#own = describeThread(self)
    this.#self = Object.values(this.#own).join(' ')
  }

  /**
   * @returns whether one is in: then {@link leave} is called in the same turn of the event loop. False: somebody
   * else is.
   */
  tryEnter(): boolean {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        // The number lets others see that it goes on.
        symlinkSync(`${this.#self} ${++this.#entries}`, this.#path)
        this.#isIn = true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
          if (!this.#isAbandoned()) return false
          this.#remove()
          continue
        }
        // Where it cannot be made (memory is full, for instance) it goes without.
      }
      this.#seen = undefined
      this.#isBlocked = false
      return true
    }
    return false
  }

  /** As {@link tryEnter}, and stands still until somebody else leaves. @param patience - milliseconds. */
  enterSoon(patience: number): boolean {
    const until = systemClock.now() + patience
    const nothing = new Int32Array(new SharedArrayBuffer(4))
    while (!this.tryEnter()) {
      if (systemClock.now() > until) return false
      Atomics.wait(nothing, 0, 0, 1)
    }
    return true
  }

  leave(): void {
    if (this.#isIn) this.#remove()
    this.#isIn = false
  }

  /** Leaves a gate that is not there any more. */
  forget(): void {
    this.#isIn = false
  }

  /**
   * Whether one and the same write has been seen to take so long. While others write and get on, it is only full.
   *
   * @param timeout - milliseconds.
   */
  isStuck(timeout: number): boolean {
    if (this.#isBlocked) return true
    return this.#seen !== undefined && systemClock.now() - this.#seen.since > timeout
  }

  /** The process that writes, or thread, as it was last seen. */
  get holder(): number | undefined {
    return this.#seen && readKeeper(this.#seen.text).pid
  }

  /** `SD_SHM_BUSY`; `SD_SHM_DAMAGED` where nobody could ever enter. */
  busyError(segment: string, timeout: number): SdError {
    if (this.#isBlocked) {
      const message = `The shared memory "${segment}" cannot be used: ${this.#path} is no link of its own. Remove that.`
      return new SdError('SD_SHM_DAMAGED', message, { segment, path: this.#path })
    }
    const { holder } = this
    const message =
      `The shared memory "${segment}" cannot be written to: process ${holder} has been at the same write for more than ` +
      `${timeout} ms. It was probably stopped (SIGSTOP, a debugger). Continue it (SIGCONT) or kill it.`
    return new SdError('SD_SHM_BUSY', message, { segment, holder, timeout, transient: true })
  }

  #isAbandoned(): boolean {
    let text: string
    try {
      text = readlinkSync(this.#path)
      this.#isBlocked = false
    } catch (error) {
      // Else they have left.
      this.#isBlocked = (error as NodeJS.ErrnoException).code === 'EINVAL'
      return false
    }
    const now = systemClock.now()
    if (this.#seen?.text !== text) this.#seen = { text, since: now }
    if (now - this.#seen.since < DOUBT) return false
    const keeper = readKeeper(text)
    // In this very turn nobody but this thread could have been in.
    if (text.startsWith(`${this.#self} `)) return true
    if (keeper.boot !== this.#own.boot) return true
    if (keeper.namespace !== this.#own.namespace) return now - this.#seen.since > PATIENCE_WITH_STRANGERS
    return isKnownDead(keeper)
  }

  #remove(): void {
    try {
      unlinkSync(this.#path)
    } catch {
      // Never made, or the segment has been moved away.
    }
  }
}

/** A thread, short enough to lie in the inode of a link. */
interface GateKeeper {
  readonly pid: number
  readonly startTime: string
  readonly boot: string
  readonly namespace: string
}

/** Linux gives each thread an id and a start time of its own, and a thread may end before its process. */
function describeThread({ pid, startTime, boot, namespaces }: SegmentOwner): GateKeeper {
  const thread = readThreadId()
  const identity = (thread === undefined ? undefined : identify(thread)) ?? { pid, startTime }
  return {
    pid: identity.pid,
    startTime: identity.startTime.replaceAll(' ', '-'),
    boot: boot.slice(0, 8),
    namespace: /\d+/.exec(namespaces)?.[0] ?? '',
  }
}

function readThreadId(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return undefined
  }
}

function readKeeper(text: string): GateKeeper {
  const [pid = '', startTime = '', boot = '', namespace = ''] = text.split(' ')
  return { pid: Number(pid), startTime: startTime.replaceAll('-', ' '), boot, namespace }
}
