/**
 * The leases that this thread has, or is about to have. Kept on a global symbol, since a program may have
 * several copies of this package. A process that replaces itself in place (`execve`) keeps its pid and start time
 * but not these: that is how it knows a lock that it could not release before as its own, and stale.
 */
const KEY: unique symbol = Symbol.for('sd.heldLeases') as never
const place = globalThis as { [KEY]?: Set<string> }

export function heldLeases(): Set<string> {
  place[KEY] ??= new Set()
  return place[KEY]
}
