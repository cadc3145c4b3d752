import { describeLock } from '../src/index.ts'
import nullModule from './null-module.ts'

describeLock(
  {
    name: 'the null lock',
    module: new URL('./null-module.ts', import.meta.url),
    excludes: false,
    provesDeath: true,
    ttl: 1000,
    start: () => ({ place: 'nowhere', leftovers: () => [], stop: () => {} }),
  },
  nullModule,
)
