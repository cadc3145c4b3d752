/** What a stopped process is to do at its point. */
export interface Answer {
  goOn: boolean
}

/**
 * Where a process stops at a point: the one `debugger` statement. The parameters are there for whoever evaluates
 * in this frame.
 */
export function stopHere(answer: Answer, _call: unknown, _args: unknown, _value: unknown): boolean {
  // The names that `eval` knows at a point of the library.
  const [call, args, value] = [_call, _args, _value]
  // biome-ignore lint/suspicious/noDebugger: this is the debugger
  debugger
  void call
  void args
  void value
  return answer.goOn
}
