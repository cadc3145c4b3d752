import type { ServiceProgram } from './service-program.ts'

/** A file of a service definition. */
export interface ServiceFile {
  /** Absolute, or relative to the project of a Dockerfile. */
  readonly path: string
  readonly content: string
  /** Permissions. @default 0o644 */
  readonly mode?: number
  /** Whether another file of that name is as good. @default false */
  readonly keepsPresent?: boolean
}

/** A service definition for one program. */
export interface Service {
  /** What is printed, and installed. The first is the definition itself. */
  readonly files: readonly ServiceFile[]
  readonly next: readonly NextStep[]
  /** What the one who installs it should know. */
  readonly notes?: readonly string[]
}

/** What to type next. */
export type NextStep = readonly [command: string, purpose: string]

/** A kind of service definition. */
export interface ServiceTemplate {
  readonly name: string
  /** Other names that people use for it. */
  readonly aliases: readonly string[]
  /** One line for the list. */
  readonly title: string
  /** How it is installed: files at their places, or lines of the user's crontab. */
  readonly installs: 'files' | 'crontab'
  /** Where its files mean something. */
  readonly platforms: readonly NodeJS.Platform[]
  /** Whether its files belong to the system, not to the user. */
  readonly needsRoot: boolean
  /** @throws SdError `SD_CLI_QUOTING` where a path cannot be written in this format. */
  render(program: ServiceProgram): Service
}
