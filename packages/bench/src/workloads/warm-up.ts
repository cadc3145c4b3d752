/**
 * How long to warm up for a measurement: compilers need about that until what is measured is as fast as it will be.
 *
 * @param duration - milliseconds that the measurement takes.
 */
export function warmUpFor(duration: number): number {
  return duration * 1.5
}
