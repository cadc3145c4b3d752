import { daemonNodeFlags } from '@sd/core/inspector-flags'

/** The program that a service definition starts, and how. All paths are absolute. */
export interface ServiceProgram {
  /** The daemon's. */
  readonly name: string
  /** One line, for people. */
  readonly description: string
  /** Node. */
  readonly node: string
  /** Flags of Node. */
  readonly nodeOptions: readonly string[]
  /** The daemon's file. */
  readonly file: string
  /** The program `sd-cli`. */
  readonly cli: string
  /** Whether the file understands the command line itself: `runFromCommandLine`. */
  readonly runsItself: boolean
  /** What follows the file, for the daemon. */
  readonly args: readonly string[]
  readonly user: string
  /** The user's group. */
  readonly group: string
  /** The user's home directory, if there is one. */
  readonly home: string | undefined
  readonly workingDirectory: string
  /** Where to write what the daemon prints, where the template has nothing better; undefined: the template's place. */
  readonly log: string | undefined
  /** Milliseconds. */
  readonly shutdownTimeout: number
  /** The command line that makes this definition, for its first line. */
  readonly madeBy: string
  /** Where the daemon's project is, and how its packages are installed. */
  readonly project: Project
}

/** The nearest directory above the daemon's file that has a package.json. */
export interface Project {
  readonly directory: string
  /** The package manager's lock file. */
  readonly lockFile: 'package-lock.json' | 'pnpm-lock.yaml' | 'yarn.lock' | undefined
}

const node = ({ node, nodeOptions }: ServiceProgram): string[] => [node, ...nodeOptions]

/** What follows `--`. */
const rest = ({ args }: ServiceProgram): string[] => (args.length === 0 ? [] : ['--', ...args])

/** Runs the daemon in the foreground, as supervisors want it. */
export function runCommand(program: ServiceProgram): string[] {
  const { file, cli, runsItself, args, nodeOptions } = program
  const words = runsItself ? [file, ...args] : [cli, 'run', file, ...rest(program)]
  return [program.node, ...daemonNodeFlags(nodeOptions, undefined), ...words]
}

/** Starts the daemon detached, unless it runs. Always through `sd-cli`, which waits until it is ready. */
export function startCommand(program: ServiceProgram): string[] {
  return cliCommand(program, 'start', program.file, ...rest(program))
}

/** A command of `sd-cli` about the daemon. */
export function cliCommand(program: ServiceProgram, ...words: readonly string[]): string[] {
  return [...node(program), program.cli, ...words]
}

/** Whether the daemon is to run as root. */
export function isRoot({ user }: ServiceProgram): boolean {
  return user === 'root'
}

/**
 * Where the daemon keeps its socket and lock when nobody makes a place in `/run` for it: what its user's shell finds
 * after a login through ssh or su, too, where `$XDG_RUNTIME_DIR` may not be set.
 */
export function lastingRunDirectory(program: ServiceProgram): string {
  if (isRoot(program)) return process.platform === 'linux' ? '/run/sd' : '/var/run/sd'
  if (program.home !== undefined) return `${program.home}/.local/state/sd`
  return `${process.platform === 'darwin' ? '/var/db' : '/var/lib'}/sd-${program.name}`
}

/** How that directory comes to be, where the daemon's user may not make it. */
export function makeRunDirectory(program: ServiceProgram): (readonly [command: string, purpose: string])[] {
  if (isRoot(program) || program.home !== undefined) return []
  const directory = lastingRunDirectory(program)
  return [[`sudo install -d -m 0700 -o ${program.user} ${directory}`, 'for its socket and its lock']]
}

/** A directory in `/run` for a service of its own user: `/run/sd` is root's. */
export function ownRunDirectory(program: ServiceProgram): string {
  return isRoot(program) ? 'sd' : `sd-${program.name}`
}

/** Seconds that a supervisor should allow the daemon to stop: all that it may take, and time to end by force. */
export function secondsToStop({ shutdownTimeout }: ServiceProgram): number {
  return Math.ceil(shutdownTimeout / 1000) + 10
}
