import { describe, expect, test } from '@jest/globals'
import { type LifecycleInput, type LifecycleState, nextState } from '../src/lifecycle.ts'

const inputs: LifecycleInput[] = ['start', 'started', 'failed', 'stop', 'drained', 'tornDown']

/** The whole table once more, written out by hand: a dash is an input that changes nothing. */
const table: Record<LifecycleState, string> = {
  created: 'starting - - stopped - -',
  starting: '- running draining draining - -',
  running: '- - - draining - -',
  draining: '- - - - stopping -',
  stopping: '- - - - - stopped',
  stopped: '- - - - - -',
}

describe('the lifecycle', () => {
  const cells = Object.entries(table).flatMap(([state, row]) =>
    row.split(' ').map((next, column) => ({ state, input: inputs[column]!, next })),
  )

  test('has 36 cells', () => {
    expect(cells).toHaveLength(36)
  })

  test.each(cells)('$state and $input gives $next', ({ state, input, next }) => {
    expect(nextState(state as LifecycleState, input) ?? '-').toBe(next)
  })
})
