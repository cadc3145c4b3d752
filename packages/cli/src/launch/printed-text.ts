import { readFileSync, statSync } from 'node:fs'

/** Characters that are shown. */
const MOST = 4000

/**
 * Looks at a file that a process prints to.
 *
 * @returns reads what was printed from now on, the end of it where it is long. Empty where there is no such file any more.
 */
export function watchPrintedText(path: string): () => string {
  const from = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return () => {
    try {
      const text = readFileSync(path).subarray(from).toString().trim()
      return text.length > MOST ? `...${text.slice(-MOST)}` : text
    } catch {
      return ''
    }
  }
}
