/** Two neighbours that have changed places: of all mistakes the most likely one. */
const TRANSPOSITION = 0.75

/** Characters of the shortest name in which it counts: in brief ones it makes too many other words. */
const SHORTEST_TRANSPOSED = 5

/** What begins a name was perhaps not typed to its end, which is no mistake. */
const UNFINISHED = 0.5

/** Fewer characters begin too many names. */
const SHORTEST_BEGINNING = 3

/** How many edits make one word of another (optimal string alignment: Levenshtein's, and transpositions). */
function editDistance(from: string, to: string): number {
  let before: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      const isSwapped =
        to.length >= SHORTEST_TRANSPOSED &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1]
      const swap = isSwapped ? before[column - 2]! + TRANSPOSITION : Number.POSITIVE_INFINITY
      current.push(Math.min(substitution, swap, previous[column]! + 1, current[column - 1]! + 1))
    }
    before = previous
    previous = current
  }
  return previous[to.length]!
}

function distance(given: string, name: string): number {
  const edits = editDistance(given, name)
  const isBeginning =
    given.length >= SHORTEST_BEGINNING && given.length < name.length && name.startsWith(given)
  return isBeginning ? UNFINISHED : edits
}

/** How many characters two names begin with alike. */
function commonBeginning(wanted: string, name: string): number {
  const lower = name.toLowerCase()
  let length = 0
  while (length < wanted.length && wanted[length] === lower[length]) length++
  return length
}

/** How many characters two names end with alike. */
function commonEnding(wanted: string, name: string): number {
  const lower = name.toLowerCase()
  let length = 0
  while (length < wanted.length && wanted.at(-1 - length) === lower.at(-1 - length)) length++
  return length
}

/** The name that the writer most likely meant, or undefined when none is close. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase()
  const ranked = known
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .sort(
      (a, b) =>
        a.distance - b.distance ||
        // Beginnings are seldom mistyped.
        commonBeginning(wanted, b.name) - commonBeginning(wanted, a.name) ||
        commonEnding(wanted, b.name) - commonEnding(wanted, a.name) ||
        a.name.length - b.name.length,
    )
  const best = ranked[0]
  return best && best.distance <= Math.max(1, best.name.length / 3) ? best.name : undefined
}

/** ` Did you mean "x"?` with a leading space, or the list of what exists, to end an error message with. */
export function suggestName(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known)
  if (nearest !== undefined) return ` Did you mean "${nearest}"?`
  return known.length > 0 ? ` Known: ${known.join(', ')}.` : ''
}
