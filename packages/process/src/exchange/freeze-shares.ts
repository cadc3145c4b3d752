/** Children read what plugins share; a change would be lost, so it is refused. */
export function freezeShares<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freezeShares(part)
  }
  return value
}
