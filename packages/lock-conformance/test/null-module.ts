import { nullLock, nullLockBackend } from '@sd/lock'
import type { LockModule } from '../src/index.ts'

const nullModule: LockModule = {
  open: () => nullLockBackend(),
  plugin: (_place, options) => nullLock(options),
  leaveBehind: () => {},
}

export default nullModule
