import type { SharedFilesAddress } from '../channel/shared-files.ts'

/** What a manager tells its child on the command line, in one argument that the child takes away. */
export interface LaunchTicket {
  /** The pid that the child's parent has as long as it lives. */
  readonly ppid: number
  /** What `ps` shows. */
  readonly title: string
  /** Whether the child must guard itself against its parent's death, because the system does not. */
  readonly guard: boolean
  /** Whether its environment was given a place for compiled code, which is not for the child's own children. */
  readonly cached: boolean
  /** Where its large binary data passes, if it does not pass through the pipes. */
  readonly shared: SharedFilesAddress | undefined
  /** Descriptors that it has got and that are not for it. */
  readonly leaked?: readonly number[] | undefined
}

const PREFIX = '--sd-child='

/** Where the child's pipes are: from its parent, to its parent, and, in guard mode, the guard's. */
export const FD_FROM_PARENT = 3
/** See {@link FD_FROM_PARENT}. */
export const FD_TO_PARENT = 4
/** See {@link FD_FROM_PARENT}. */
export const FD_GUARD = 5

/** The argument right behind the entry. */
export function writeTicket(ticket: LaunchTicket): string {
  return PREFIX + JSON.stringify(ticket)
}

/** Takes the ticket out of `argv`; undefined when there is none. */
export function takeTicket(argv: string[]): LaunchTicket | undefined {
  if (!argv[2]?.startsWith(PREFIX)) return undefined
  const [ticket] = argv.splice(2, 1)
  return JSON.parse(ticket!.slice(PREFIX.length)) as LaunchTicket
}
