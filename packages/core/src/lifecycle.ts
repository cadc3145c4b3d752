/** Where a daemon is in its life. */
export type LifecycleState = 'created' | 'starting' | 'running' | 'draining' | 'stopping' | 'stopped'

/** What moves it on. */
export type LifecycleInput = 'start' | 'started' | 'failed' | 'stop' | 'drained' | 'tornDown'

/**
 * The whole life of a daemon. An input that has no cell changes nothing.
 *
 * | | start | started | failed | stop | drained | tornDown |
 * |---|---|---|---|---|---|---|
 * | created | starting | | | stopped | | |
 * | starting | | running | draining | draining | | |
 * | running | | | | draining | | |
 * | draining | | | | | stopping | |
 * | stopping | | | | | | stopped |
 */
const lifecycle: Readonly<Record<LifecycleState, Readonly<Partial<Record<LifecycleInput, LifecycleState>>>>> =
  {
    created: { start: 'starting', stop: 'stopped' },
    starting: { started: 'running', failed: 'draining', stop: 'draining' },
    running: { stop: 'draining' },
    draining: { drained: 'stopping' },
    stopping: { tornDown: 'stopped' },
    stopped: {},
  }

/** The state that follows, or undefined where the input means nothing. */
export function nextState(state: LifecycleState, input: LifecycleInput): LifecycleState | undefined {
  return lifecycle[state][input]
}
