import { readdirSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Stage } from './stage.ts'

export function testLeftovers(stage: Stage): void {
  const { cycles } = stage.sizes

  test(`${cycles} times taken and given, it leaves no file, timer, socket or segment`, async () => {
    const warmUp = await stage.take()
    await warmUp.release()
    const before = countResources()
    for (let cycle = 0; cycle < cycles; cycle++) {
      const lease = await stage.take()
      await lease.release()
    }
    expect(countResources()).toEqual(before)
    expect(await stage.server.leftovers()).toEqual([])
  }, 600_000)

  if (stage.subject.excludes === false) return
  test('a lease that is refused leaves nothing either', async () => {
    const first = await stage.take()
    const before = countResources()
    for (let round = 0; round < 20; round++) await expect(stage.take()).rejects.toThrow('is held by')
    expect(countResources()).toEqual(before)
    await first.release()
    expect(await stage.server.leftovers()).toEqual([])
  })
}

function countResources(): { descriptors: number; resources: string[] } {
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return {
    descriptors,
    resources: process
      .getActiveResourcesInfo()
      .filter((kind) => !/Immediate|Req/.test(kind))
      .sort(),
  }
}
