import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, type Sandbox } from '@sd/testing'
import { runSubject } from '../src/run-subject.ts'
import { noOp } from '../src/workloads/no-op.ts'

const never = new AbortController().signal

describe('a process that measures', () => {
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = createSandbox()
  })
  afterEach(() => sandbox.assertNothingLeft())

  test('is given up at its deadline', async () => {
    const workload = { ...noOp(1), deadline: 500 }
    expect(await runSubject(workload, 'fork-json', 60_000, never)).toEqual({
      failure: 'no result within 0.5 s',
    })
  })

  test('tells what went wrong', async () => {
    expect(await runSubject(noOp(1), 'nobody', 100, never)).toEqual({
      failure: 'Error: There is no pool nobody.',
    })
  })

  test('that ends without an answer is reported with its last words', async () => {
    const workload = { ...noOp(1), name: 'no-such-workload' }
    expect(await runSubject(workload, 'fork-json', 100, never)).toEqual({
      failure: expect.stringMatching(/^ended with 1: /),
    })
  })
})
