import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import { cleanSegments, listSegments, listSegmentUsers, openSegment, removeUnusedSegment } from '@sd/shm'
import { useSegments } from './segments.ts'

const segments = useSegments()

const SOAK = Boolean(process.env.SD_SOAK)

test('what a process was writing when it was killed is not there, and others go on at once', async () => {
  const segment = await openSegment('test')
  await segment.put('before', 1)
  for (let round = 0; round < (SOAK ? 5 : 2); round++) {
    const killed = segments.run('halt-in-write.ts', 'test', join(segments.directory, 'test'), 'SIGKILL')
    expect((await killed.exit).signal).toBe('SIGKILL')
    expect(segment.keys()).toEqual(['before'])
    await segment.put('before', round)
  }
  await segment.destroy()
}, 60_000)

test('a process that is stopped while it writes stops nobody: writes fail in time, reads go on, and all is well when it goes on', async () => {
  const segment = await openSegment('test', { timeout: 300 })
  await segment.put('k', 1)
  const stopped = segments.run('halt-in-write.ts', 'test', join(segments.directory, 'test'), 'SIGSTOP')
  await stopped.waitForLine(/ready/, 30_000)
  let failure: unknown
  // It may not have come to its write yet.
  while (!failure) await segment.put('k', 2).catch((error) => (failure = error))
  expect(failure).toMatchObject({ code: 'SD_SHM_BUSY', holder: stopped.pid, transient: true })
  const before = segment.get('k')
  await expect(segment.delete('k')).rejects.toMatchObject({ code: 'SD_SHM_BUSY', holder: stopped.pid })
  const opener = segments.run('owner.ts', 'test')
  expect((await opener.exit).code).toBe(1)
  expect(opener.lines.join('\n')).toMatch(/SD_SHM_BUSY/)
  expect(segment.get('k')).toBe(before)
  const waiting = segment.put('k', 3)
  stopped.kill('SIGCONT')
  await waiting.catch(() => segment.put('k', 3))
  await stopped.exit
  expect(stopped.lines).toEqual(['ready', 'went on'])
  expect(segment.get('half')).toBe('written')
  expect(segment.get('k')).toBe(3)
  await segment.destroy()
}, 60_000)

test('segments of owners that have died are cleaned, those in use stay', async () => {
  const mine = await openSegment('mine')
  const owners = ['killed', 'alive'].map((name) => segments.run('owner.ts', name))
  for (const owner of owners) await owner.waitForLine(/open/, 30_000)
  // What a process leaves that is killed at the worst moment.
  mkdirSync(join(segments.directory, 'empty'), { mode: 0o700 })
  mkdirSync(join(segments.directory, '.gone.1.0.5'), { mode: 0o700 })
  expect(await cleanSegments()).toEqual(['empty'])
  owners[0]!.kill()
  await owners[0]!.exit
  expect(await cleanSegments()).toEqual(['killed'])
  expect(await listSegments()).toEqual(['alive', 'mine'])
  const alive = await openSegment('alive')
  expect(alive.get('owner')).toBe(owners[1]!.pid)
  expect(
    alive
      .statistics()
      .owners.map(({ pid }) => pid)
      .sort(),
  ).toEqual([process.pid, owners[1]!.pid].sort())
  await alive.close()
  await mine.close()
  owners[1]!.kill()
  await owners[1]!.exit
  expect(await cleanSegments()).toEqual(['alive', 'mine'])
  expect(readdirSync(segments.directory)).toEqual([])
}, 60_000)

test('a process that has closed a segment is known as long as it runs', async () => {
  const owner = segments.run('owner.ts', 'shared')
  await owner.waitForLine(/open/, 30_000)
  const mine = await openSegment('shared')
  await mine.close()
  expect(await listSegmentUsers('shared')).toMatchObject([
    { pid: owner.pid, isOpen: true },
    { pid: process.pid, isOpen: false },
  ])
  owner.kill()
  await owner.exit
  expect(await listSegmentUsers('shared')).toMatchObject([{ pid: process.pid, isOpen: false }])
  expect(await removeUnusedSegment('shared', { spareFormer: true })).toBe(false)
  expect(await removeUnusedSegment('shared')).toBe(true)
  await expect(listSegmentUsers('shared')).rejects.toMatchObject({ code: 'SD_SHM_MISSING' })
}, 60_000)

test('processes that open, write and destroy one name, while another cleans, never meet half of a segment', async () => {
  const openers = Array.from({ length: 4 }, () => segments.run('opener.ts', 'name', SOAK ? '60' : '20'))
  let done = false
  const ends = Promise.all(openers.map(({ exit }) => exit)).finally(() => {
    done = true
  })
  const failures: unknown[] = []
  while (!done) await cleanSegments((_, error) => failures.push(error))
  await ends
  expect(openers.flatMap(({ lines }) => lines)).toEqual(['done', 'done', 'done', 'done'])
  expect((await ends).map(({ code }) => code)).toEqual([0, 0, 0, 0])
  expect(failures).toEqual([])
  await cleanSegments()
}, 120_000)

test('the threads of a process share a segment with it', async () => {
  const segment = await openSegment('test')
  await segment.put('n', 0)
  const file = new URL('./fixtures/counting-thread.ts', import.meta.url)
  const workers = [1, 2].map(
    () => new Worker(file, { execArgv: ['-C', '@sd/source'], env: { ...process.env } }),
  )
  for (let i = 0; i < 200; i++) {
    let n: unknown
    do n = segment.get('n')
    while (!(await segment.compareAndSet('n', n, (n as number) + 1)))
  }
  await Promise.all(
    workers.map(
      (worker) => new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)),
    ),
  )
  expect(segment.get('n')).toBe(600)
  await segment.destroy()
}, 60_000)

test('a process that opens a segment leaves the locks of those alone who have it open in two threads', async () => {
  const segment = await openSegment('test')
  await segment.put('n', 0)
  const file = new URL('./fixtures/counting-thread.ts', import.meta.url)
  const thread = new Worker(file, { execArgv: ['-C', '@sd/source'], env: { ...process.env } })
  await new Promise((resolve, reject) => thread.once('exit', resolve).once('error', reject))
  const other = segments.run('reader.ts', 'test', 'n')
  expect((await other.exit).code).toBe(0)
  expect(other.lines).toEqual(['200'])
  await segment.put('n', 201)
  expect(segment.get('n')).toBe(201)
  await segment.destroy()
}, 60_000)

test('a process that ends without closing its segments leaves the list of owners', async () => {
  const ended = segments.run('leaver.ts')
  expect((await ended.exit).code).toBe(7)
  expect(ended.lines).toEqual(['exit listeners: 1'])
  const segment = await openSegment('leaver.11')
  expect(segment.statistics().owners).toHaveLength(1)
  expect(segment.get('n')).toBe(11)
  await segment.close()
  expect(await cleanSegments()).toHaveLength(12)
}, 30_000)

test('opened and closed again and again, nothing is left', async () => {
  const before = readdirSync('/proc/self/fd').length
  for (let n = 0; n < (SOAK ? 200 : 60); n++) {
    const segment = await openSegment('test')
    await segment.put('n', n)
    await (n % 10 === 9 ? segment.destroy() : segment.close())
  }
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
  expect(await listSegments()).toEqual([])
}, 60_000)
