/** A number as a person reads it: three digits that count, or all before the point. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined) return '–'
  const size = Math.abs(value)
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A share in percent. */
export function formatShare(share: number | undefined): string {
  return share === undefined ? '' : ` ±${Math.round(share * 100)} %`
}
