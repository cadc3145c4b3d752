/** The version of the methods and their answers. It grows when an old client could not go on. */
export const PROTOCOL = 1

/** How a daemon introduces itself: the answer to `version`. */
export interface Introduction {
  readonly protocol: number
  readonly name: string
  readonly pid: number
  /** The file that it runs; null where there is none. */
  readonly program: string | null
  /** Node's version, `v24.1.0`. */
  readonly node: string
  /** The packages of Simple Daemon that the program uses, with their versions. */
  readonly packages: Readonly<Record<string, string>>
}
