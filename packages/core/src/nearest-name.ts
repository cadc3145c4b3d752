/** The number of single-character edits between two words (Levenshtein 1966, two rows). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[to.length]!
}

/** The name that the writer most likely meant, or undefined when none is close. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase()
  const ranked = known
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined
}

/** ` Did you mean "x"?` with a leading space, or the list of what exists, to end an error message with. */
export function suggestName(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known)
  if (nearest !== undefined) return ` Did you mean "${nearest}"?`
  return known.length > 0 ? ` Known: ${known.join(', ')}.` : ''
}
