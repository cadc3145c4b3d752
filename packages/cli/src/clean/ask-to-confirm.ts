import { createInterface } from 'node:readline/promises'

/**
 * Asks a person at the terminal.
 *
 * @returns whether the answer was yes; undefined where there is nobody to ask.
 */
export async function askToConfirm(question: string): Promise<boolean | undefined> {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  // On stderr: stdout is for data.
  const terminal = createInterface({ input: stdin, output: stderr })
  const ended = new AbortController()
  terminal.once('close', () => ended.abort())
  terminal.once('SIGINT', () => terminal.close())
  // After Ctrl-Z readline stands still until it is told to go on.
  terminal.on('SIGCONT', () => terminal.prompt(true))
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: ended.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    // Ctrl-C, or the end of input.
    stderr.write('\n')
    return false
  } finally {
    terminal.close()
  }
}
