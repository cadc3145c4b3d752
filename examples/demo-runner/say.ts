/** What a demo says stands out from what its daemon logs. */
export function say(message: string): void {
  console.log(`\n>>> ${message}\n`)
}
