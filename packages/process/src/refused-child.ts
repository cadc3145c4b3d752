import type { Clock, SdError } from '@sd/core'
import type { Child, ChildExit } from './child.ts'

/** A child that was never started. */
export function refuseChild(id: number, group: string, clock: Clock, error: SdError): Child {
  const exit: ChildExit = {
    code: null,
    signal: null,
    lastOutput: '',
    error,
    startedReady: false,
    lifetime: 0,
  }
  const exited = Promise.resolve(exit)
  const ready = Promise.reject(error)
  ready.catch(() => {})
  return {
    id,
    group,
    index: 0,
    pid: undefined,
    state: 'exited',
    clock,
    identity: undefined,
    buffered: 0,
    ready,
    exited,
    send: () => false,
    prove: () => {},
    assign: () => {},
    condemn: () => {},
    readStack: async () => undefined,
    drain: () => exited,
    kill: () => exited,
  }
}
