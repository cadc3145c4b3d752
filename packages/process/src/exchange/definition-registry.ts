/**
 * The definitions (of workers, of tasks) that a file has made, in order. A child process imports the daemon's file
 * anew and finds its own here by kind, file and number. They are kept on a global symbol, because the file that
 * defines something and the program that runs it may come with copies of a package of their own.
 */
const KEY: unique symbol = Symbol.for('sd.definitions') as never

type Registry = Map<string, unknown[]>

function listDefinitions(kind: string, url: string): unknown[] {
  const place = globalThis as { [KEY]?: Registry }
  place[KEY] ??= new Map()
  const key = `${kind} ${url}`
  let found = place[KEY].get(key)
  if (!found) {
    found = []
    place[KEY].set(key, found)
  }
  return found
}

/**
 * Adds a definition to those of its kind and file.
 *
 * @param make - makes it, told which one of them it is, from 0.
 */
export function enterDefinition<Definition>(
  kind: string,
  url: string,
  make: (ordinal: number) => Definition,
): Definition {
  const others = listDefinitions(kind, url)
  const definition = make(others.length)
  others.push(definition)
  return definition
}

/** All definitions of a kind that the files of this process have made. */
export function allDefinitions<Definition>(kind: string): Definition[] {
  const registry = (globalThis as { [KEY]?: Registry })[KEY] ?? new Map<string, unknown[]>()
  const ofKind = [...registry].filter(([key]) => key.startsWith(`${kind} `))
  return ofKind.flatMap(([, definitions]) => definitions) as Definition[]
}

/** The definition of that kind and number in that file. */
export function findDefinition<Definition>(
  kind: string,
  url: string,
  ordinal: number,
): Definition | undefined {
  return listDefinitions(kind, url)[ordinal] as Definition | undefined
}
