import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeLock } from '@sd/lock-conformance'
import fileModule from './file-module.ts'

// SD_SOAK=1 runs it at full size.
describeLock(
  {
    name: 'the file lock',
    module: new URL('./file-module.ts', import.meta.url),
    provesDeath: true,
    ttl: 1000,
    start: (dir) => ({
      place: join(dir, 'test.lock'),
      // The record of the last holder stays: it is the counter of the tokens.
      leftovers: () =>
        readdirSync(dir).filter((name) => name.startsWith('test.lock') && name !== 'test.lock.last'),
      stop: () => {},
    }),
  },
  fileModule,
)
