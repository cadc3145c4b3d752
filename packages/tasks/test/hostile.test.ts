import { describe, expect, test } from '@jest/globals'
import * as subjects from './fixtures/subjects.ts'
import { testDaemons } from './start-daemon.ts'

const { start } = testDaemons()

describe('what cannot be sent as what it is', () => {
  test('is refused as an argument, as a result and as progress, with its path', async () => {
    const { run } = await start()
    const url = new URL('http://a/?b')
    await expect(run(subjects.echo, { url })).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'args[0].url',
    })
    await expect(run(subjects.returnsHost)).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'result.list[0]',
    })
    await expect(run(subjects.tellsHost)).rejects.toMatchObject({
      code: 'SD_TASKS_UNCLONABLE',
      path: 'progress.list[0]',
    })
    expect(await run(subjects.square, 3)).toBe(9)
  })
})

describe('an error of which not everything can be sent', () => {
  test.each([
    ['setup', subjects.hardInSetup],
    ['start', subjects.hardInStart],
    ['teardown', subjects.hardInTeardown],
  ])('keeps all else, thrown in %s', async (where, task) => {
    const { run } = await start()
    const error = await run(task).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: `hard in ${where}`, code: 'E_HARD', fine: [1], trap: 10n })
    expect(error).toHaveProperty('url', expect.stringContaining('URL'))
  })

  test('counts also where the teardown fails worse', async () => {
    const { run, log } = await start()
    await expect(run(subjects.hardTwice)).rejects.toMatchObject({ message: 'hard in start', code: 'E_HARD' })
    const printed = log.filter(({ message }) => message.startsWith('Error: xxx') || message.startsWith('xxx'))
    expect(printed.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThan(5 * 1024 * 1024)
  })
})
