import { homedir } from 'node:os'

/**
 * The user's home directory.
 *
 * @param env - @default process.env
 * @returns undefined where neither `$HOME` nor the system's user database names one, as for `docker run --user 12345`.
 */
export function homeDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  try {
    return env.HOME || homedir()
  } catch {
    return undefined
  }
}
