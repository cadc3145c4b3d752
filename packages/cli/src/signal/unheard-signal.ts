/** Why a signal was not sent to a process that it would end. @param what - names the process. */
export function explainUnheard(what: string, signal: NodeJS.Signals): string {
  return `${signal} was not sent: it would end ${what}, which does not handle it.`
}
