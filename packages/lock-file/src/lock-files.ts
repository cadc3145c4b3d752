import fs from 'node:fs'
import * as pooled from 'node:fs/promises'

/** What a lock needs of a file system. */
export type LockFiles = Pick<
  typeof pooled,
  'access' | 'lstat' | 'mkdir' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'rmdir' | 'unlink' | 'writeFile'
>

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
  if (process.platform !== 'linux') return pooled
  const { type } = await pooled.statfs(directory)
  return LOCAL_TYPES.has(type) ? direct : pooled
}

/** The functions of `node:fs/promises`, done by the time that they return. */
const direct: LockFiles = Object.fromEntries(
  (
    [
      'access',
      'lstat',
      'mkdir',
      'readdir',
      'readFile',
      'rename',
      'rm',
      'rmdir',
      'unlink',
      'writeFile',
    ] as const
  ).map((name) => {
    const act = fs[`${name}Sync`] as (...args: unknown[]) => unknown
    return [name, async (...args: unknown[]) => act(...args)]
  }),
) as unknown as LockFiles
