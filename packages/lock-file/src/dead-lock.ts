import { rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@sd/core'
import { type OwnPlace, readOwnPlace } from '@sd/core/own-place'
import { Judge, type LockHolder, type Verdict } from '@sd/lock'
import { ignoring } from './error-codes.ts'
import { FileBackend } from './file-backend.ts'

/** A lock whose holder is gone for good. */
export interface DeadLock {
  /** The lock's directory. */
  readonly path: string
  readonly holder: LockHolder
  /** `dead`: its process has ended. `expired`: it is of another boot or machine, and has not renewed it for its ttl. */
  readonly verdict: 'dead' | 'expired'
}

/** Of nobody: it enters no lock. */
const NO_LEASE = ''

/** Where a record does not tell. Milliseconds. */
const USUAL_TTL = 60_000

/** Milliseconds between two looks at a holder that has to be watched. */
const LOOK_PERIOD = 100

/** Thrown out of the backend before it does anything. */
class Judged {
  readonly holder: LockHolder
  readonly verdict: Verdict

  constructor(holder: LockHolder, verdict: Verdict) {
    this.holder = holder
    this.verdict = verdict
  }
}

/**
 * Looks who is in a file lock, and whether that one is gone for good. Changes nothing.
 *
 * @param path - the lock's directory.
 * @param patience - milliseconds to watch a holder of another boot or machine, of whom nothing else can be known.
 * @returns undefined where nobody is in it, where its holder lives, and where it cannot be known.
 * @throws SdError `SD_LOCK_FILE_UNSAFE` for what is no lock, or belongs to somebody else.
 */
export async function findDeadLock(path: string, patience = 0): Promise<DeadLock | undefined> {
  const judge = createJudge()
  const until = systemClock.now() + patience
  for (;;) {
    const judged = await look(path, judge)
    if (!judged) return undefined
    const { holder, verdict } = judged
    if (verdict === 'dead' || verdict === 'expired') return { path, holder, verdict }
    if (verdict === 'alive' || systemClock.now() > until) return undefined
    await sleep(LOOK_PERIOD)
  }
}

/**
 * Takes a holder that is gone out of its lock, as who takes it over does, but does not enter it: a daemon that starts
 * meanwhile finds it free. The file with the last token stays.
 *
 * @param dead - as found by {@link findDeadLock}: any other holder stays.
 * @returns whether it was this one's.
 */
export async function clearDeadLock({ path, holder: dead, verdict }: DeadLock): Promise<boolean> {
  let wasThere = false
  const backend = new FileBackend(path)
  await backend.clear({
    id: NO_LEASE,
    ttl: USUAL_TTL,
    judge(holder) {
      const isSame = holder.id === dead.id && holder.renewedAt === dead.renewedAt
      if (isSame) wasThere = true
      return isSame ? verdict : 'alive'
    },
  })
  if (!wasThere) return false
  // Somebody may be in it by now.
  await ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(path))
  return true
}

async function look(path: string, judge: (holder: LockHolder) => Verdict): Promise<Judged | undefined> {
  try {
    const judging = (holder: LockHolder): Verdict => {
      throw new Judged(holder, judge(holder))
    }
    await new FileBackend(path).clear({ id: NO_LEASE, ttl: USUAL_TTL, judge: judging })
    return undefined
  } catch (thrown) {
    if (thrown instanceof Judged) return thrown
    throw thrown
  }
}

/** As every lock judges, but whoever lives here keeps what it has, even where it is late with its renewal. */
function createJudge(): (holder: LockHolder) => Verdict {
  const self = readOwnPlace()
  const judge = new Judge(self, () => systemClock.now())
  return (holder) => {
    const verdict = judge.judge(holder)
    return verdict === 'expired' && isOfThisBoot(holder, self) ? 'alive' : verdict
  }
}

function isOfThisBoot({ boot, startTime }: LockHolder, self: OwnPlace): boolean {
  return boot === self.boot && startTime !== ''
}
