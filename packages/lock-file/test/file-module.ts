import { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LockModule } from '@sd/lock-conformance'
import { fileBackend, fileLock } from '@sd/lock-file'
import { nameEntry } from '../src/lock-entry.ts'

const fileModule: LockModule = {
  open: (place) => fileBackend(place),
  plugin: (place, options) => fileLock({ file: place, ...options }),
  leaveBehind(place, holder) {
    mkdirSync(place, { recursive: true })
    const entry = nameEntry(holder)
    const draft = `${place}.draft-${holder.id}`
    writeFileSync(draft, JSON.stringify(holder))
    renameSync(draft, join(place, entry))
    for (const other of readdirSync(place)) if (other !== entry) unlinkSync(join(place, other))
  },
}

export default fileModule
