import { definePlugin, type Plugin, SdError } from '@sd/core'
import { findPlaceProblem, ownPidRecord } from './pid-file.ts'
import { removePidFile, writePidFile } from './write-pid-file.ts'

/** What a daemon's pid file needs. */
interface PidFileSettings {
  readonly path: string
  /** The file that the daemon runs, as a URL. */
  readonly program: string | undefined
  /** Whether the daemon goes without where the file belongs to a living process. */
  readonly optional: boolean
  /** Whether the process is about to be replaced in place, and keeps its file. */
  readonly staysInPlace: () => boolean
}

/**
 * Keeps the process id in a file from the start to the end of the process: restarts in place, and the pauses
 * before them, are part of its life.
 */
export function pidFile({
  path,
  program,
  optional,
  staysInPlace,
}: PidFileSettings): Plugin<'pidFile', string> {
  return definePlugin('pidFile', (host) => {
    // Also where the start is given up: after a restart in place the file is there from before.
    process.once('exit', () => {
      if (!staysInPlace()) removePidFile(path, ownPidRecord(program))
    })
    return {
      service: path,

      checkEnvironment() {
        const problem = optional ? undefined : findPlaceProblem(path)
        return problem === undefined ? [] : [`the pid file ${path} cannot be written: ${problem}.`]
      },

      setup() {
        try {
          const replaced = writePidFile(path, ownPidRecord(program))
          if (replaced) {
            host.log(
              `The pid file ${path} named process ${replaced.pid} of another container (${replaced.namespace}). It is replaced. If that daemon still runs, give each its own file.`,
            )
          }
        } catch (error) {
          if (!optional || !(error instanceof SdError)) throw error
          host.debug(error.message)
        }
      },
    }
  })
}
