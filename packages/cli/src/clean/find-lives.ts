import { isCrash, listLives, removeLife } from '@sd/control/life'
import { describeEnd } from '../life/describe-life.ts'
import type { Findings, Search } from './leftover.ts'
import { listOwnFiles } from './own-files.ts'

/** Records of lives that have ended badly: who cleans up after a crash has seen them. */
export function findLives(directory: string, { name: only, living }: Search): Findings {
  const own = new Set(listOwnFiles(directory).map(({ path }) => path))
  const leftovers = listLives(directory)
    .filter(({ name, path }) => own.has(path) && !living.has(name) && (only === undefined || name === only))
    .flatMap((life) => {
      const { name, path, state, end } = life
      if (state !== 'ended' || !end || !isCrash(end)) return []
      const why = describeEnd(end)
      return [{ kind: 'record' as const, name, path, why, remove: async () => removeLife(life) }]
    })
  return { leftovers, leftAlone: [] }
}
