/**
 * Divides rows among blocks that want some: each gets what it wants where there is enough, and nobody gets more than
 * another one who still wants some.
 *
 * @param wanted - by each block.
 * @returns what each gets.
 */
export function shareRows(wanted: readonly number[], available: number): number[] {
  const shares = wanted.map(() => 0)
  let left = Math.max(0, available)
  for (
    let hungry = indexesOf(wanted, shares);
    hungry.length > 0 && left > 0;
    hungry = indexesOf(wanted, shares)
  ) {
    const portion = Math.max(1, Math.floor(left / hungry.length))
    for (const index of hungry) {
      const share = Math.min(portion, wanted[index]! - shares[index]!, left)
      shares[index]! += share
      left -= share
    }
  }
  return shares
}

function indexesOf(wanted: readonly number[], shares: readonly number[]): number[] {
  return wanted.flatMap((want, index) => (want > shares[index]! ? [index] : []))
}
