/** The first lines of an error as text: what it is, and not where it comes from. */
export function withoutStack(error: string): string {
  return error.split(/\n\s+at /)[0]!
}
