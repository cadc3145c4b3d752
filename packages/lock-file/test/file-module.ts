import { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LockModule } from '@sd/lock-conformance'
import { fileLock } from '@sd/lock-file'
import { fileBackend } from '../src/file-backend.ts'
import { nameEntry } from '../src/lock-entry.ts'
import { throughPool } from '../src/lock-files.ts'

const fileModule: LockModule = {
  // Both ways to reach files contend with each other.
  open: (place) => fileBackend(place, Math.random() < 0.5 ? throughPool : undefined),
  plugin: (place, options) => fileLock({ file: place, ...options }),
  leaveBehind(place, holder) {
    mkdirSync(place, { recursive: true })
    const entry = nameEntry(holder)
    const draft = `${place}.draft-${holder.id}`
    const others = readdirSync(place).filter((name) => name !== entry)
    writeFileSync(draft, JSON.stringify(holder))
    renameSync(draft, join(place, entry))
    // From here on a successor may be in the lock.
    for (const other of others) unlinkSync(join(place, other))
  },
}

export default fileModule
