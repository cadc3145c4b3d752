import fs from 'node:fs'
import * as pooled from 'node:fs/promises'
import { ignoring } from './error-codes.ts'

/** What a lock needs of a file system: as in `node:fs/promises`, and `find`. */
export interface LockFiles
  extends Pick<
    typeof pooled,
    'access' | 'mkdir' | 'readdir' | 'readFile' | 'rename' | 'rmdir' | 'unlink' | 'writeFile'
  > {
  /** As `lstat`; undefined when there is nothing. */
  find(path: string): Promise<fs.Stats | undefined>
}

/** statfs(2): ext2 to 4, tmpfs, ramfs, XFS, Btrfs, overlayfs, ZFS, F2FS, bcachefs. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  ...[0xef53, 0x01021994, 0x858458f6, 0x58465342, 0x9123683e, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e],
])

/**
 * How to reach the files of a lock. A local file system answers within microseconds, less than it takes to hand
 * the question to another thread, and is asked directly. One that is reached over a network may not answer at
 * all, and must not stop the daemon's loop; so may one that is not known.
 *
 * @param directory - where the lock lies.
 */
export async function chooseFiles(directory: string): Promise<LockFiles> {
  // Only Linux has such numbers.
  if (process.platform !== 'linux') return throughPool
  const { type } = await pooled.statfs(directory)
  return LOCAL_TYPES.has(type) ? direct : throughPool
}

/** Through the thread pool. */
export const throughPool: LockFiles = {
  ...pooled,
  find: (path) => ignoring(['ENOENT'], pooled.lstat(path)),
}

const names = ['access', 'mkdir', 'readdir', 'readFile', 'rename', 'rmdir', 'unlink', 'writeFile'] as const

/** Done by the time that they return. */
const direct = {
  ...Object.fromEntries(
    names.map((name) => {
      const act = fs[`${name}Sync`] as (...args: unknown[]) => unknown
      return [name, async (...args: unknown[]) => act(...args)]
    }),
  ),
  find: async (path: string) => fs.lstatSync(path, { throwIfNoEntry: false }),
} as unknown as LockFiles
