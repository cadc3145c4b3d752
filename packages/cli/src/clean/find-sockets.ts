import { lstatSync } from 'node:fs'
import { listDaemons } from '@sd/control/client'
import { removeUnservedSocket } from '@sd/core/unix-socket'
import type { Findings } from './leftover.ts'

/** Control sockets, and which of them somebody serves. */
interface FoundSockets extends Findings {
  /** The names of daemons that answer, or might. */
  readonly living: ReadonlySet<string>
}

/** Sockets that nobody serves any more. */
export async function findSockets(directory: string, only: string | undefined): Promise<FoundSockets> {
  const all = await listDaemons({ directory })
  const living = all.filter(({ state }) => state !== 'stale')
  const stale = all.filter(({ state, name, path }) => state === 'stale' && isNamed(name, only) && isOwn(path))
  return {
    living: new Set(living.map(({ name }) => name)),
    leftovers: stale.map(({ name, path }) => ({
      kind: 'socket',
      name,
      path,
      why: 'nobody serves it',
      remove: async () => isOwn(path) && (await removeUnservedSocket(path)),
    })),
    leftAlone: living
      .filter(({ state, name }) => state === 'silent' && isNamed(name, only))
      .map(({ path, problem }) => ({ path, why: `somebody serves it, and does not answer (${problem})` })),
  }
}

/** A further daemon of a name has its pid in that of its socket. */
function isNamed(name: string, only: string | undefined): boolean {
  return only === undefined || name === only || name.replace(/\.\d+$/, '') === only
}

function isOwn(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false })
  return status?.isSocket() === true && (process.getuid === undefined || status.uid === process.getuid())
}
