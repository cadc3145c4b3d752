import * as fs from 'node:fs'
import { constants, type Stats } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { SdError } from '../sd-error.ts'
import { isRoot, isWritableByOthers } from './ownership.ts'

/** How to hold a directory. */
export interface HoldOptions {
  /** Makes the directories that are missing, for their owner only. @default false */
  readonly make?: boolean
  /**
   * Whether root may also hold the directory of another user, if no third one can change what the path leads to.
   * What is in it is that user's, and must be treated so. @default false
   */
  readonly ofOtherUser?: boolean
  /** Absolute paths that are not checked, as those in `$SD_TRUSTED_DIRS`. @default [] */
  readonly trusted?: readonly string[]
}

/** A directory that is held open. Nobody can have `at` lead elsewhere, whatever becomes of the path. */
export interface HeldDirectory {
  /** As it was given. */
  readonly path: string
  readonly status: Stats
  /** The user id that can change what the path leads to; this process's own, unless root holds another user's. */
  readonly user: number
  /** The path of a file in this very directory. Valid until `close`. */
  at(file: string): string
  close(): void
}

/** open(2): only names the directory, which takes no right to read it. Node has no constant for it. */
const O_PATH = 0x200000

/** As Linux has it. */
const MOST_LINKS = 40

/** Root, and where there are no users. */
const ROOT = 0

/**
 * Holds a directory after a walk along its whole path, links included. Each step is taken from the directory that was
 * checked before it, so nobody can exchange one in between. Refused is a path on which another user can change what it
 * leads to: the owner of a directory on it, or of a link, and everybody who may write to one without the sticky bit. A group
 * that only the owner is in counts as the owner. Directories in `$SD_TRUSTED_DIRS`, separated by colons, are not checked.
 *
 * Without `/proc` the path is walked by name, and looked up again at each use.
 *
 * @throws SdError `SD_CORE_UNSAFE_PATH` (`path`, `ancestor`, `uid` of its owner); the system's error where there is
 * no such directory.
 */
export function holdDirectory(path: string, options: HoldOptions = {}): HeldDirectory {
  const walk = new Walk(path, options)
  try {
    return walk.run()
  } catch (error) {
    walk.close()
    throw error
  }
}

/** A place on the way. */
interface Place {
  /** Its path without links. */
  readonly path: string
  /** Undefined where the system has no `/proc`. */
  readonly descriptor: number | undefined
  readonly status: Stats
}

class Walk {
  readonly #path: string
  readonly #make: boolean
  readonly #ofOtherUser: boolean
  readonly #self = process.getuid?.() ?? ROOT
  readonly #trusted: readonly string[]
  readonly #hasProc = process.platform === 'linux' && fs.existsSync('/proc/self/fd')
  #here: Place | undefined
  #user: number

  constructor(path: string, { make = false, ofOtherUser = false, trusted = [] }: HoldOptions) {
    this.#path = path
    this.#trusted = [...(process.env.SD_TRUSTED_DIRS ?? '').split(':').filter(isAbsolute), ...trusted]
    this.#make = make
    this.#ofOtherUser = ofOtherUser && this.#self === ROOT
    this.#user = this.#self
  }

  run(): HeldDirectory {
    const rest = split(resolve(this.#path))
    let links = 0
    this.#enter(this.#open('/', '/'))
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const path = join(this.#here!.path, name)
      const next = this.#open(this.#at(name), path, this.#make)
      if (!next.status.isSymbolicLink()) {
        this.#enter(next)
        continue
      }
      closePlace(next)
      if (++links > MOST_LINKS) throw systemError('ELOOP', 'too many symbolic links', this.#path)
      this.#checkOwner(next)
      const target = fs.readlinkSync(this.#at(name))
      rest.unshift(...split(target))
      if (isAbsolute(target)) this.#enter(this.#open('/', '/'))
    }
    return this.#hold(this.#here!)
  }

  close(): void {
    if (this.#here) closePlace(this.#here)
    this.#here = undefined
  }

  #enter(next: Place): void {
    this.close()
    this.#here = next
    if (!next.status.isDirectory()) throw systemError('ENOTDIR', 'not a directory', next.path)
    if (this.#trusted.includes(next.path)) return
    this.#checkOwner(next)
    if (isWritableByOthers(next.status)) {
      const remedy = `Take that right away (chmod go-w ${next.path})`
      throw this.#unsafe(next, 'other users can write to it, and exchange what is in it', remedy)
    }
  }

  #checkOwner(place: Place): void {
    const { uid } = place.status
    if (uid === this.#user || isRoot(uid) || this.#trusted.includes(place.path)) return
    if (!this.#ofOtherUser || this.#user !== this.#self) {
      const remedy = `Give it to user id ${this.#user} or to root (chown)`
      throw this.#unsafe(place, `it belongs to user id ${uid}, who can exchange what is in it`, remedy)
    }
    this.#user = uid
  }

  #unsafe({ path: ancestor, status }: Place, why: string, remedy: string): SdError {
    const message = `The path ${this.#path} is not safe because of ${ancestor}: ${why}. ${remedy}, choose another place, or name ${ancestor} in SD_TRUSTED_DIRS.`
    return new SdError('SD_CORE_UNSAFE_PATH', message, { path: this.#path, ancestor, uid: status.uid })
  }

  #at(name: string): string {
    const { path, descriptor } = this.#here!
    return descriptor === undefined ? join(path, name) : `/proc/self/fd/${descriptor}/${name}`
  }

  #open(at: string, path: string, make = false): Place {
    try {
      if (!this.#hasProc) return { path, descriptor: undefined, status: fs.lstatSync(at) }
      const descriptor = fs.openSync(at, O_PATH | constants.O_NOFOLLOW)
      return { path, descriptor, status: fs.fstatSync(descriptor) }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // The path that is known to people.
      if (code !== 'ENOENT' || !make)
        throw systemError(code, message.replace(/ '.*/, '').replace(/^\w+: /, ''), path)
      makeDirectory(at, path)
      return this.#open(at, path)
    }
  }

  #hold({ path, descriptor, status }: Place): HeldDirectory {
    const given = this.#path
    return {
      path: given,
      status,
      user: this.#user,
      at(file) {
        if (descriptor !== undefined) return `/proc/self/fd/${descriptor}/${file}`
        const { dev, ino } = fs.lstatSync(path)
        if (dev !== status.dev || ino !== status.ino) throw systemError('ESTALE', 'was exchanged', given)
        return join(path, file)
      },
      close: () => this.close(),
    }
  }
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

function makeDirectory(at: string, path: string): void {
  try {
    fs.mkdirSync(at, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw systemError(code, 'cannot be made', path)
  }
}

function closePlace({ descriptor }: Place): void {
  if (descriptor !== undefined) fs.closeSync(descriptor)
}

function systemError(code: string | undefined, what: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${what}, ${path}`), { code, path })
}
