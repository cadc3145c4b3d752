/** The life of a child: a child is given work only when it is `ready`. */
export type ChildState = 'spawning' | 'ready' | 'draining' | 'exited'

/**
 * What happens to a child: it says it is `ready`, it is told to `drain`, it is to `die` (killed, failed or
 * out of time), or its process has ended (`exit`).
 */
export type ChildInput = 'ready' | 'drain' | 'die' | 'exit'

const TRANSITIONS: Readonly<Record<ChildState, Readonly<Record<ChildInput, ChildState>>>> = {
  spawning: { ready: 'ready', drain: 'draining', die: 'draining', exit: 'exited' },
  ready: { ready: 'ready', drain: 'draining', die: 'draining', exit: 'exited' },
  draining: { ready: 'draining', drain: 'draining', die: 'draining', exit: 'exited' },
  exited: { ready: 'exited', drain: 'exited', die: 'exited', exit: 'exited' },
}

/** The state of a child in `state` after `input`. */
export function nextChildState(state: ChildState, input: ChildInput): ChildState {
  return TRANSITIONS[state][input]
}
