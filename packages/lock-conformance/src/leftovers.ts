import { readdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import type { Stage } from './stage.ts'

export function testLeftovers(stage: Stage): void {
  const { cycles } = stage.sizes

  stage.alone(
    `${cycles} times taken and given, it leaves no file, timer, socket or segment`,
    async () => {
      const warmUp = await stage.take()
      await warmUp.release()
      const before = countResources()
      for (let cycle = 0; cycle < cycles; cycle++) {
        const lease = await stage.take()
        await lease.release()
      }
      expect(await countUntil(before)).toEqual(before)
      expect(await stage.server.leftovers()).toEqual([])
    },
    600_000,
  )

  if (stage.subject.excludes === false) return
  stage.alone('a lease that is refused leaves nothing either', async () => {
    const first = await stage.take()
    const before = countResources()
    for (let round = 0; round < 20; round++) await expect(stage.take()).rejects.toThrow('is held by')
    expect(await countUntil(before)).toEqual(before)
    await first.release()
    expect(await stage.server.leftovers()).toEqual([])
  })
}

interface Resources {
  readonly descriptors: number
  readonly resources: readonly string[]
}

/** jest has a timer of its own every second, for a moment. @returns the last count. */
async function countUntil(wanted: Resources): Promise<Resources> {
  let found = countResources()
  const isWanted = (): boolean => {
    found = countResources()
    return isDeepStrictEqual(found, wanted)
  }
  await waitUntil(isWanted, 'nothing is left', 3000).catch(() => {})
  return found
}

function countResources(): Resources {
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return {
    descriptors,
    resources: process
      .getActiveResourcesInfo()
      .filter((kind) => !/Immediate|Req/.test(kind))
      .sort(),
  }
}
