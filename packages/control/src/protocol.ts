import { isDaemonName, type Json, SdError } from '@sd/core'

/** The version of the methods and their answers. It grows when an old client could not go on. */
export const PROTOCOL = 1

/** How a daemon introduces itself: the answer to `version`. */
export interface Introduction {
  readonly protocol: number
  readonly name: string
  readonly pid: number
  /**
   * When the process started, as `@sd/core/process-identity` counts it: whoever has that pid where somebody asks need not be
   * this process. Null where the system does not tell.
   */
  readonly processStart: string | null
  /** The file that it runs; null where there is none. */
  readonly program: string | null
  /** Node's version, `v24.1.0`. */
  readonly node: string
  /** The packages of Simple Daemon that the program uses, with their versions. */
  readonly packages: Readonly<Record<string, string>>
}

/**
 * Takes an answer to `version` for what it should be.
 *
 * @throws SdError `SD_CONTROL_PROTOCOL` when it is something else: anybody can listen on a socket.
 */
export function readIntroduction(path: string, answer: Json): Introduction {
  const { name, pid } = Object(answer) as Partial<Introduction>
  if (isDaemonName(name) && Number.isSafeInteger(pid) && pid! > 0) return answer as unknown as Introduction
  throw new SdError('SD_CONTROL_PROTOCOL', `What listens on ${path} does not answer as a daemon does.`, {
    path,
  })
}
