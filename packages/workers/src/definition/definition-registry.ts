import type { WorkerDefinition } from './define-worker.ts'

/**
 * The definitions that a file has made, in order. A child process imports the daemon's file anew and finds its
 * worker here by file and number. It is kept on a global symbol, because the file that defines a worker and
 * the program that runs it may come with copies of this package of their own.
 */
const KEY: unique symbol = Symbol.for('sd.workers.definitions') as never

type Registry = Map<string, WorkerDefinition<unknown>[]>

function registry(): Registry {
  const place = globalThis as { [KEY]?: Registry }
  place[KEY] ??= new Map()
  return place[KEY]
}

/** How many definitions a file has made so far: the number of the next one. */
export function countDefinitions(url: string): number {
  return registry().get(url)?.length ?? 0
}

/** Adds a definition to those of its file. */
export function registerDefinition(definition: WorkerDefinition<unknown>): void {
  const ofFile = registry().get(definition.url)
  if (ofFile) ofFile.push(definition)
  else registry().set(definition.url, [definition])
}

/** The definition of that number in that file. */
export function findDefinition(url: string, ordinal: number): WorkerDefinition<unknown> | undefined {
  return registry().get(url)?.[ordinal]
}
