import { readdirSync, rmSync } from 'node:fs'
import { describeLock } from '@sd/lock-conformance'
import { makeOwnedDirectory } from '@sd/testing'
import shmModule, { lockName, openLocks } from './shm-module.ts'

// SD_SOAK=1 runs it at full size.
describeLock(
  {
    name: 'the lock in shared memory',
    module: new URL('./shm-module.ts', import.meta.url),
    provesDeath: true,
    spansContainers: false,
    ttl: 1000,
    start() {
      const place = makeOwnedDirectory('/dev/shm')
      return {
        place,
        async leftovers() {
          const segment = await openLocks(place)
          const others = segment.statistics().owners.filter(({ pid }) => pid !== process.pid)
          // The record stays, without a holder: it is the counter of the tokens.
          const left = [
            ...(segment.get(lockName)?.holder ? [lockName] : []),
            ...others.map(({ pid }) => `owner ${pid}`),
          ]
          await segment.close()
          return [...left, ...readdirSync(place).filter((name) => name !== 'locks')]
        },
        stop() {
          delete process.env.SD_SHM_DIR
          rmSync(place, { recursive: true })
        },
      }
    },
  },
  shmModule,
)
