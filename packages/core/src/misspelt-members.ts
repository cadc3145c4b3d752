import { nearestName } from './nearest-name.ts'

/**
 * Finds members of a subclass that are probably meant to be others: `excute`, where there is no `execute`. It is a guess, so
 * it is for a hint.
 *
 * @param daemon - an instance of the subclass.
 * @param base - the class that it extends.
 * @param blanks - the members that it may fill in and has not.
 * @returns a sentence for each.
 */
export function describeMisspelt(
  daemon: object,
  base: { readonly prototype: object },
  blanks: readonly string[],
): string[] {
  return listOwnMembers(daemon, base).flatMap((member) => {
    const meant = blanks.includes(member) ? undefined : nearestName(member, blanks)
    if (meant === undefined) return []
    return [`The daemon has a member "${member}" and no "${meant}" of its own. Did you mean "${meant}"?`]
  })
}

/** The names of all that the subclasses add, the private `_name` ones left out. */
function listOwnMembers(daemon: object, base: { readonly prototype: object }): string[] {
  const names = new Set(Object.keys(daemon))
  let prototype = Object.getPrototypeOf(daemon) as object | null
  for (; prototype && prototype !== base.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name)
  }
  return [...names].filter(
    (name) => name !== 'constructor' && !name.startsWith('_') && !(name in base.prototype),
  )
}
