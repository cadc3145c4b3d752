import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Check, runDirectory } from '@sd/core'
import type { LockOptions } from '@sd/lock'

/** Options of {@link fileLock}. */
export interface FileLockOptions<Name extends string = string> extends LockOptions<Name> {
  /**
   * The lock: a path, relative to the working directory at the time of the start, or a `file:` URL. It is a directory,
   * with the holder's record in it. @default `NAME.lock` in the run directory
   */
  file?: string | URL
}

/** What the options must be that only this plugin has. */
export const fileChecks: { readonly file: Check } = {
  file: (value) => {
    const isPath = typeof value === 'string' && value !== '' && !value.includes('\0')
    const isUrl = value instanceof URL && value.protocol === 'file:' && value.host === ''
    return isPath || isUrl ? undefined : 'the path or file: URL of a lock'
  },
}

/** A file name may have 255 bytes, and what lies beside the lock has a longer one. */
const LONGEST_NAME = 160

/** @returns the lock's absolute path. */
export function locateLock(name: string, { file }: FileLockOptions): string {
  if (file === undefined) return join(runDirectory(), `${toFileName(name)}.lock`)
  return typeof file === 'string' ? resolve(file) : fileURLToPath(file)
}

/** Two names never become one. */
function toFileName(name: string): string {
  const encoded = encodeURIComponent(name)
  if (encoded.length <= LONGEST_NAME) return encoded
  return createHash('sha256').update(name).digest('hex')
}
