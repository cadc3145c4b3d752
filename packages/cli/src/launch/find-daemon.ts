import { type DaemonBase, describe, isDaemon, isDaemonClass, SdError } from '@sd/core'

/** What importing a file gives. */
type Exports = Readonly<Record<string, unknown>>

/** How an exported daemon must look, for error messages. */
const WANTED = 'Export a daemon as default (export default daemon; module.exports = daemon)'

/**
 * The daemon that a file exports: a daemon, a class of daemons, or a promise of either.
 *
 * @throws SdError `SD_CLI_NO_DAEMON`, or `SD_CLI_SEVERAL_DAEMONS`.
 */
export async function findDaemon(file: string, exports: Exports): Promise<DaemonBase> {
  const exported = await readDefault(exports)
  const daemon = toDaemon(exported)
  if (daemon) return daemon
  const several = Array.isArray(exported) ? exported : Object.values(Object(exported))
  if (several.filter(isEither).length > 1) throw severalDaemons(file)
  const named = Object.keys(exports).filter((name) => name !== 'default' && isEither(exports[name]))
  if (named.length > 1) throw severalDaemons(file)
  throw new SdError('SD_CLI_NO_DAEMON', `${file} has no daemon: ${explain(exported, named)}`, { file })
}

/** A daemon as it is, or one of a class; undefined for everything else. */
export function toDaemon(value: unknown): DaemonBase | undefined {
  if (isDaemon(value)) return value
  return isDaemonClass(value) ? new value() : undefined
}

/** @param file - the one that has them. */
export function severalDaemons(file: string): SdError {
  const message = `${file} has several daemons, and one process runs one. Give each a file of its own, and export it as default.`
  return new SdError('SD_CLI_SEVERAL_DAEMONS', message, { file })
}

/** In a file that was compiled to CommonJS the default export is a property of what Node takes for it. */
async function readDefault(exports: Exports): Promise<unknown> {
  const exported = await exports.default
  const compiled = exported as { __esModule?: boolean; default?: unknown } | undefined | null
  return compiled?.__esModule ? await compiled.default : exported
}

function isEither(value: unknown): boolean {
  return isDaemon(value) || isDaemonClass(value)
}

function explain(exported: unknown, named: readonly string[]): string {
  if (named[0] !== undefined) return `"${named[0]}" is not its default export. ${WANTED}.`
  if (exported === undefined) return `it neither runs one nor exports one. ${WANTED}.`
  return `its default export is ${describe(exported)}. ${WANTED}.`
}
