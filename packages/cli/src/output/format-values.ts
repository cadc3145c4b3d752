const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `450 ms`, `12.3 s`, `5 min 12 s`, `3 h 20 min`, `12 d 4 h`. @param duration - milliseconds. */
export function formatDuration(duration: number): string {
  if (duration < SECOND) return `${Math.round(duration)} ms`
  if (duration < MINUTE) return `${(Math.floor(duration / 100) / 10).toFixed(1)} s`
  const [large, name, small, smallName] =
    duration < HOUR
      ? ([MINUTE, 'min', SECOND, 's'] as const)
      : duration < DAY
        ? ([HOUR, 'h', MINUTE, 'min'] as const)
        : ([DAY, 'd', HOUR, 'h'] as const)
  const rest = Math.floor((duration % large) / small)
  return `${Math.floor(duration / large)} ${name}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `512 B`, `1.5 KiB`, `210 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
