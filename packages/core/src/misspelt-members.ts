import { nearestName } from './nearest-name.ts'

/** Shorter names differ from too many others in one letter only: `reap` and `read`. */
const SHORTEST = 5

/**
 * The name that another is probably meant to be. It is a guess, so it is for a hint.
 *
 * @param name - one that the program may have chosen freely.
 * @param blanks - the names that have a meaning.
 */
export function findMeant(name: string, blanks: readonly string[]): string | undefined {
  if (blanks.includes(name)) return undefined
  const lower = name.toLowerCase()
  // A name that another one begins with is a word of its own: `set` is no `setup`.
  const comparable = blanks.filter(
    (blank) =>
      blank.toLowerCase() === lower ||
      (blank.length >= SHORTEST && name.length >= SHORTEST && !blank.startsWith(name)),
  )
  return nearestName(name, comparable)
}

/**
 * Finds members that are probably meant to be others: `excute`, where there is no `execute`.
 *
 * @param owner - what has them, as a sentence begins: `The daemon`.
 * @param members - the names that are there; private `_name` ones are left out.
 * @param blanks - the names that may be filled in and are not.
 * @returns a sentence for each.
 */
export function describeMisspelt(
  owner: string,
  members: readonly string[],
  blanks: readonly string[],
): string[] {
  return members.flatMap((member) => {
    const meant = member.startsWith('_') ? undefined : findMeant(member, blanks)
    if (meant === undefined) return []
    return [`${owner} has a member "${member}" and no "${meant}" of its own. Did you mean "${meant}"?`]
  })
}

/** The names of all that an object has, up to a prototype whose members are left out. */
export function listMembers(object: object, base: object = Object.prototype): string[] {
  const names = new Set(Object.keys(object))
  let prototype = Object.getPrototypeOf(object) as object | null
  for (; prototype && prototype !== base; prototype = Object.getPrototypeOf(prototype)) {
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name)
  }
  return [...names].filter((name) => name !== 'constructor' && !(name in base))
}
