import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { isAlive, isKnownDead, parseProcStat, readIdentity, signalProcess } from '../src/process-identity.ts'

test('a living process has an identity that stays the same', () => {
  const identity = readIdentity(process.pid)!
  expect(identity.pid).toBe(process.pid)
  expect(readIdentity(process.pid)).toEqual(identity)
  expect(isAlive(identity)).toBe(true)
  expect(signalProcess(identity, 0)).toBe(true)
})

test('a process with the same pid and another start time is not the same, and is not signalled', () => {
  const stranger = { pid: process.pid, startTime: '1' }
  expect(isAlive(stranger)).toBe(false)
  expect(signalProcess(stranger, 'SIGKILL')).toBe(false)
})

test.each([0, -1, 1.5, Number.NaN, 2 ** 30])('%d is nobody', (pid) => {
  expect(readIdentity(pid)).toBeUndefined()
})

test('a process that was signalled and reaped is no longer alive', async () => {
  const child = spawn('sleep', ['1000'])
  const identity = readIdentity(child.pid!)!
  const exit = once(child, 'exit')
  expect(signalProcess(identity, 'SIGTERM')).toBe(true)
  expect(await exit).toEqual([null, 'SIGTERM'])
  expect(isAlive(identity)).toBe(false)
  expect(signalProcess(identity, 'SIGTERM')).toBe(false)
})

test('a zombie is dead', async () => {
  const child = spawn('sleep', ['1000'])
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  // Nothing reaps it before this turn of the program is over.
  while (readIdentity(child.pid!));
  expect(process.kill(child.pid!, 0)).toBe(true)
  await exit
})

test('a command with spaces and parentheses does not confuse the parser', () => {
  const rest = `S ${Array.from({ length: 18 }, (_, field) => field).join(' ')} 4711 0`
  expect(parseProcStat(`12 (a) b (c) ${rest}`)).toEqual({ state: 'S', startTime: '4711' })
})

test('only what has certainly ended is known to be dead', async () => {
  const child = spawn('sleep', ['1000'])
  const identity = readIdentity(child.pid!)!
  expect(isKnownDead(identity)).toBe(false)
  expect(isKnownDead({ ...identity, startTime: '1' })).toBe(true)
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  // A zombie is dead, too: nothing reaps it before this turn of the program is over.
  while (readIdentity(child.pid!));
  expect(isKnownDead(identity)).toBe(true)
  await exit
  expect(isKnownDead(identity)).toBe(true)
})
