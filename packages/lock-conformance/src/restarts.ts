import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type { SdError } from '@sd/core'
import type { Fixture } from '@sd/testing'
import { waitUntil } from '@sd/testing'
import type { Stage } from './stage.ts'

/** Milliseconds. */
const LONG = 120_000

export function testRestarts(stage: Stage): void {
  const { test } = stage
  const { ttl } = stage.subject

  async function start(manner: string): Promise<{ daemon: Fixture; held: string }> {
    const daemon = stage.run('restarting', ttl, manner)
    const [held] = await daemon.waitForLine(/^held .*$/)
    await daemon.waitForLine(/^iteration true$/)
    return { daemon, held }
  }

  const lives = ({ lines }: Fixture): string[] => lines.filter((line) => line.startsWith('held '))

  /** Tries to take the lock again and again until told otherwise. @returns ends it; the codes of what came of it. */
  function hammer(): () => Promise<string[]> {
    let isOver = false
    const codes = new Set<string>()
    const run = async (): Promise<void> => {
      while (!isOver) {
        const end = await stage.take().then(
          (lease) => lease.release().then(() => 'taken'),
          ({ code }: SdError) => code,
        )
        codes.add(end)
        await sleep(1)
      }
    }
    const running = run()
    return async () => {
      isOver = true
      await running
      return [...codes]
    }
  }

  test(
    'nobody gets in while a daemon restarts in place, although it takes longer than the ttl',
    async () => {
      const { daemon, held } = await start('slow')
      const end = hammer()
      try {
        for (let restart = 1; restart <= 2; restart++) {
          daemon.kill('SIGHUP')
          await waitUntil(() => lives(daemon).length > restart, `life ${restart + 1}`, 60_000)
        }
      } finally {
        expect(await end()).toEqual(['SD_LOCK_HELD'])
      }
      // The same lease: pid, token and ttl.
      expect(lives(daemon)).toEqual([held, held, held])
      daemon.kill('SIGTERM')
      expect(await daemon.exit).toEqual({ code: 0, signal: null })
      const next = await stage.take()
      expect(next.token).toBeGreaterThan(Number(held.split(' ')[1]))
      await next.release()
      expect(await stage.server.leftovers()).toEqual([])
    },
    LONG,
  )

  test(
    'a next life that fails to start gives the lock back',
    async () => {
      const { daemon } = await start('failing')
      daemon.kill('SIGHUP')
      expect(await daemon.exit).toEqual({ code: 1, signal: null })
      expect(await stage.server.leftovers()).toEqual([])
    },
    LONG,
  )

  test(
    'a daemon that is stopped instead of restarted gives the lock back',
    async () => {
      const { daemon } = await start('parental')
      daemon.kill('SIGHUP')
      await daemon.waitForLine(/Stopped after/)
      daemon.kill('SIGTERM')
      expect(await daemon.exit).toEqual({ code: 0, signal: null })
      expect(lives(daemon)).toHaveLength(1)
      expect(await stage.server.leftovers()).toEqual([])
    },
    LONG,
  )
}
