import { spawnSync } from 'node:child_process'

/** A command that tests need and that is no npm package. */
export interface RequiredCommand {
  readonly command: string
  /** The Debian package that has it. */
  readonly debian: string
  /** What to do on other systems. */
  readonly elsewhere: string
}

/** Another installation may be under way, of another test file too. Seconds. */
const LOCK_TIMEOUT = 300

/**
 * Sees to it that a command is there: where it is missing, root installs it with apt-get.
 *
 * @throws Error that says exactly what to install.
 */
export function requireCommand({ command, debian, elsewhere }: RequiredCommand): void {
  if (exists(command)) return
  const log: string[] = []
  if (process.getuid?.() === 0 && exists('apt-get')) {
    const aptGet = (...args: readonly string[]): void => {
      const all = ['-q', '-y', '-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT}`, ...args]
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
      const { status, stdout, stderr, error } = spawnSync('apt-get', all, { encoding: 'utf8', env })
      if (status !== 0) log.push(`apt-get ${all.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
    }
    // The lists may be as old as the machine's image; two test files that fetch them at once disturb each other.
    for (let attempt = 0; attempt < 3 && !exists(command); attempt++) {
      aptGet('update')
      aptGet('install', '--no-install-recommends', debian)
    }
    if (exists(command)) return
  }
  const how = `Install it: apt-get install ${debian} (Debian, Ubuntu; as root), or ${elsewhere}.`
  throw new Error([`The tests need the command "${command}". ${how}`, ...log].join('\n'))
}

function exists(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}
