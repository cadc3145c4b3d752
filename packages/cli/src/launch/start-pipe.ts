import { closeSync, fstatSync, writeSync } from 'node:fs'
import { READY_VARIABLE, type StartMessage } from './start-message.ts'

/** The way to whoever waits for the start of this process. */
export interface StartPipe {
  /** Tells once; what comes later is not of interest any more. */
  tell(message: StartMessage): void
  /** Resolves when it was told. */
  readonly told: Promise<void>
}

/** @returns undefined where nobody waits: after a restart, too. Children never see the variable. */
export function takeStartPipe(): StartPipe | undefined {
  const descriptor = Number(process.env[READY_VARIABLE])
  delete process.env[READY_VARIABLE]
  if (!Number.isInteger(descriptor) || descriptor < 3 || !isPipe(descriptor)) return undefined
  let isTold = false
  let resolveTold: () => void
  const told = new Promise<void>((resolve) => {
    resolveTold = resolve
  })
  return {
    told,
    tell(message) {
      if (isTold) return
      isTold = true
      resolveTold()
      try {
        writeSync(descriptor, `${JSON.stringify(message)}\n`)
        closeSync(descriptor)
      } catch {
        // Whoever waited has gone: the daemon runs all the same.
      }
    },
  }
}

function isPipe(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor)
    return status.isFIFO() || status.isSocket()
  } catch {
    return false
  }
}
