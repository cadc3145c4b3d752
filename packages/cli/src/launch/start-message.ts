/** What a detached process tells whoever waits for its start: one line of JSON. */
export type StartMessage =
  | {
      readonly kind: 'ready'
      readonly name: string
      readonly pid: number
      /** What is wrong with its log; null when all is well. */
      readonly log: { readonly file: string; readonly problem: string } | null
    }
  | {
      readonly kind: 'failed'
      /** The daemon's; null where the program was not even loaded. */
      readonly name: string | null
      readonly error: { readonly code: string; readonly message: string; readonly [fact: string]: unknown }
      /** The last lines of its log. */
      readonly log: readonly string[]
    }

/** The environment variable that names the descriptor to tell it on. Core keeps it from successors. */
export const READY_VARIABLE = 'SD_READY_FD'

/** The environment variable that lists descriptors which the process has got and has to close. Core keeps it, too. */
export const LEAKED_VARIABLE = 'SD_LEAKED_FDS'

/** The environment variable that names the file where the process prints until the daemon's name is known. */
export const PRINTED_VARIABLE = 'SD_PRINTED_FILE'
