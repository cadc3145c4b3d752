import { describe, expect, test } from '@jest/globals'
import { NO_FAILURES } from '../src/back-off.ts'
import { canComeBack, parseStanding, type Standing } from '../src/restart/can-come-back.ts'
import { readHandedOver } from '../src/restart/handed-over.ts'
import { restartInPlace } from '../src/restart/restart-in-place.ts'

describe('who may come back', () => {
  const shell: Standing = { pid: 100, ppid: 50, hasTerminal: true, leadsSession: false }
  const cases: [string, Record<string, string>, Standing | undefined, boolean][] = [
    ['a process of a shell with a terminal', {}, shell, false],
    ['the first process of a terminal', {}, { ...shell, leadsSession: true }, false],
    ['a command of ssh, cron or a build server', {}, { ...shell, hasTerminal: false }, false],
    ['a detached process', {}, { ...shell, hasTerminal: false, leadsSession: true }, true],
    ['an orphan', {}, { ...shell, hasTerminal: false, ppid: 1 }, true],
    ['the main process of a container', {}, { ...shell, hasTerminal: false, pid: 1 }, true],
    ['a service of systemd', { SYSTEMD_EXEC_PID: '100' }, { ...shell, hasTerminal: false }, true],
    ['a child of a service of systemd', { SYSTEMD_EXEC_PID: '99' }, { ...shell, hasTerminal: false }, false],
    ['a process of which nothing is known', {}, undefined, false],
    ['whatever SD_SUPERVISED=1 says', { SD_SUPERVISED: '1' }, shell, true],
    [
      'whatever SD_SUPERVISED=0 says',
      { SD_SUPERVISED: '0' },
      { ...shell, hasTerminal: false, pid: 1 },
      false,
    ],
  ]
  test.each(cases)('%s', (_, env, standing, answer) => {
    expect(canComeBack(env, () => standing)).toBe(answer)
  })

  test('is read from what the system says, whatever the process is called', () => {
    const stat = '4711 (a ) (b) S 1 4711 4711 34816 4711 4194304 1 2 3'
    expect(parseStanding(stat)).toEqual({ pid: 4711, ppid: 1, hasTerminal: true, leadsSession: true })
    expect(parseStanding('12 (node) R 5 12 10 0 -1 0')).toEqual({
      ...{ pid: 12, ppid: 5 },
      ...{ hasTerminal: false, leadsSession: false },
    })
  })
})

describe('what is handed over', () => {
  const given = { pid: 7, restarts: 2, reason: 'SIGHUP', upBefore: 5, failures: NO_FAILURES }

  test('is believed by the process that it is for', () => {
    expect(readHandedOver(JSON.stringify(given), 7)).toEqual(given)
    expect(readHandedOver(JSON.stringify({ ...given, pid: undefined, predecessor: 3 }), 7)).toMatchObject({
      predecessor: 3,
    })
  })

  test.each([
    ['another process', JSON.stringify(given)],
    ['nobody', JSON.stringify({ ...given, pid: undefined })],
    ['no daemon', '{'],
    ['a daemon that counts in words', JSON.stringify({ ...given, pid: 8, restarts: 'two' })],
    ['a daemon without failures', JSON.stringify({ ...given, pid: 8, failures: undefined })],
    ['nothing', ''],
  ])('is not believed when it comes from or is for %s', (_, text) => {
    expect(readHandedOver(text, 8)).toBeUndefined()
  })
})

test('an option that cannot be right is an error', () => {
  expect(() => restartInPlace({ mostFailures: 1.5 })).toThrow(
    expect.objectContaining({ code: 'SD_CORE_OPTIONS' }),
  )
  expect(() => restartInPlace({ pause: 1 } as never)).toThrow(
    expect.objectContaining({ code: 'SD_CORE_OPTIONS' }),
  )
})
