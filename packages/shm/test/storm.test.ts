import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { openSegment } from '@sd/shm'
import type { Fixture } from '@sd/testing'
import { useSegments } from './segments.ts'

const soak = Boolean(process.env.SD_SOAK)
const operations = soak ? 50_000 : 2000
const writerCount = 8
const killInterval = 50

const segments = useSegments()

test(
  `${writerCount} processes write ${operations} times while one is killed every ${killInterval} ms: nothing is damaged, nobody waits for ever, and watch tells every key's last state`,
  async () => {
    const segment = await openSegment('storm', { size: 64 * 1024 * 1024 })
    const watchers = [segments.run('watcher.ts', 'storm'), segments.run('watcher.ts', 'storm')]
    for (const watcher of watchers) await watcher.waitForLine(/watching/, 60_000)

    let started = 0
    const startWriter = (): { id: number; process: Fixture } => {
      const id = started++
      return { id, process: segments.run('writer.ts', 'storm', String(id), '500') }
    }
    const writers = Array.from({ length: writerCount }, startWriter)
    const count = (): number =>
      segment.entries<string>('count.').reduce((sum, [, value]) => sum + (value as number), 0)
    let kills = 0
    let before = -1
    let lastProgress = performance.now()
    while (count() < operations) {
      const failed = writers.find((writer) => writer.process.lines.length > 1)
      if (failed) throw new Error(failed.process.lines.join('\n'))
      await sleep(killInterval)
      // One that has not written yet would prove nothing, and none would write if all were always starting.
      const writing = writers.filter(({ id }) => segment.get(`count.${id}`) !== undefined)
      const victim = writing[Math.floor(Math.random() * writing.length)]
      if (victim && writing.length > writerCount / 2) {
        victim.process.kill('SIGKILL')
        kills++
        writers[writers.indexOf(victim)] = startWriter()
      }
      if (count() > before) [before, lastProgress] = [count(), performance.now()]
      if (performance.now() - lastProgress > 60_000)
        throw new Error(
          `Nobody writes any more after ${before}: ${writers.flatMap((writer) => writer.process.lines).join('\n')}`,
        )
    }
    for (const writer of writers) writer.process.kill('SIGKILL')
    const exits = await Promise.all(writers.map((writer) => writer.process.exit))
    expect(exits.every(({ signal }) => signal === 'SIGKILL')).toBe(true)

    for (const watcher of watchers) {
      watcher.tell('compare')
      const [line] = await watcher.waitForLine(/^(the same|different) .*/, 30_000)
      expect(line).toBe(`the same ${segment.statistics().entries}`)
      watcher.kill()
      await watcher.exit
    }
    const entries = segment.entries<string>('shared.') as [
      string,
      { writer: string; n: number; filling: string; check: string },
    ][]
    expect(entries.length).toBeGreaterThan(50)
    for (const [key, value] of entries) {
      expect(value.check).toBe(`${value.writer} ${value.n} ${value.filling.length}`)
      expect(segment.get(key)).toEqual(value)
    }
    // It still works.
    for (const [key] of entries) expect(await segment.delete(key)).toBe(true)
    expect(segment.keys('shared.')).toEqual([])
    const { peak } = segment.statistics()
    expect(peak).toBeLessThan(64 * 1024 * 1024)
    console.log(`${count()} operations, ${kills} kills, ${started} writers, ${peak} bytes at most`)
    await segment.destroy()
  },
  soak ? 900_000 : 180_000,
)
