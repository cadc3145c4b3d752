import { describe, expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { defineTask, tasks } from '@sd/tasks'

describe('options', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown one', { limt: 2 }, /tasks: unknown option "limt"\. Did you mean "limit"\?/],
    ['a limit of 0', { limit: 0 }, /option "limit" must be a whole number from 1 to 1024, not 0/],
    ['a negative timeout', { timeout: -1 }, /option "timeout" must be a number of milliseconds, at least 0/],
    ['half a spare', { spare: 0.5 }, /option "spare" must be a whole number from 0 to 64, not 0.5/],
    ['an environment of numbers', { env: { A: 1 } }, /option "env" must be an object of strings/],
  ])('refuse %s', (_, options, message) => {
    expect(() => tasks(options)).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_OPTIONS', message: expect.stringMatching(message) }),
    )
  })

  test.each<[string, object, RegExp]>([
    ['an unknown one', { timout: 2 }, /report\.with: unknown option "timout"\. Did you mean "timeout"\?/],
    ['a timeout that is none', { timeout: '5 s' }, /option "timeout" must be a number of milliseconds/],
    ['a signal that is none', { signal: {} }, /option "signal" must be an AbortSignal, not an object/],
  ])('of a run refuse %s', (_, options, message) => {
    const report = defineTask(import.meta.url, function report() {})
    expect(() => report.with(options)).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_OPTIONS', message: expect.stringMatching(message) }),
    )
  })
})

describe('defineTask', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['a module that is no file', () => defineTask('here', () => 1), /must be import\.meta\.url/],
    [
      'no task',
      () => defineTask(import.meta.url, 5 as never),
      /a function, or an object with a method "start"/,
    ],
    [
      'an object without start',
      () => defineTask(import.meta.url, { setup() {} } as never),
      /must have a method "start", which does its work, not undefined/,
    ],
    [
      'a setup that is none',
      () => defineTask(import.meta.url, { setup: 1, start() {} } as never),
      /"setup" must be a method, not 1/,
    ],
    [
      'an empty group',
      () => defineTask(import.meta.url, { group: '', start() {} }),
      /"group" must be a non-empty string/,
    ],
  ])('refuses %s', (_, define, message) => {
    expect(define).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_DEFINITION', message: expect.stringMatching(message) }),
    )
  })

  test('refuses a timeout that is none', () => {
    expect(() => defineTask(import.meta.url, { timeout: -5, start() {} })).toThrow(
      expect.objectContaining({ code: 'SD_TASKS_OPTIONS' }),
    )
  })

  test('counts the tasks of a file, and leaves a definition as it is', () => {
    const one = defineTask('/some/file.cjs', () => 1)
    const two = defineTask('/some/file.cjs', { group: 'two', timeout: 7, start: () => 2 })
    expect([one.url, one.ordinal, two.ordinal]).toEqual(['file:///some/file.cjs', 0, 1])
    const { signal } = new AbortController()
    expect(two.with({ signal }).options).toEqual({ timeout: 7, signal })
    expect(two.with({ timeout: 8 })).toMatchObject({ ordinal: 1, group: 'two', options: { timeout: 8 } })
    expect(two.options).toEqual({ timeout: 7 })
  })
})

describe('run', () => {
  test('takes nothing but tasks', () => {
    const daemon = createDaemon({ name: 'test', signals: false }).use(tasks())
    expect(() => daemon.tasks.run((() => 1) as never)).toThrow(
      expect.objectContaining({
        code: 'SD_TASKS_DEFINITION',
        message: 'tasks.run() takes a task, as defineTask() makes it, not a function.',
      }),
    )
  })
})
