import { userInfo } from 'node:os'

/** The name of the user that this process runs as; the id where the system has no name for it, as in many containers. */
export function processUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? 'unknown')
  }
}
