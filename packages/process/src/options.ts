import { type Check, type Checks, must, resolveOptions } from '@sd/core'
import type { ChildSpec } from './child-spec.ts'

/** A spec with its defaults. */
export type ResolvedChildSpec = ChildSpec & Required<Pick<ChildSpec, DefaultedOption>>

type DefaultedOption = 'args' | 'env' | 'restart' | 'readyTimeout' | 'killAfter' | 'reserve'

const DEFAULTS: Required<Pick<ChildSpec, DefaultedOption>> = Object.freeze({
  args: Object.freeze([]),
  env: Object.freeze({}),
  restart: 'never',
  readyTimeout: 30_000,
  killAfter: 2_000,
  reserve: false,
})

/** Named here so that they are checked also when they are missing. */
const REQUIRED = { group: undefined, entry: undefined }

const bePathOrUrl: Check = (value) =>
  (typeof value === 'string' && value !== '') || (value instanceof URL && value.protocol === 'file:')
    ? undefined
    : 'a path or a file: URL'

const beEnvironment: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((variable) => typeof variable === 'string')
    ? undefined
    : 'an object of strings'

const CHECKS: Checks<ChildSpec> = {
  group: must.beText,
  entry: bePathOrUrl,
  args: must.beTexts,
  env: beEnvironment,
  execArgv: must.beTexts,
  restart: must.beOneOf('always', 'on-failure', 'never'),
  readyTimeout: must.beNumber(1, undefined, 'milliseconds'),
  killAfter: must.beNumber(0, undefined, 'milliseconds'),
  title: must.beText,
  reserve: must.beBoolean,
  initial: must.beAnything,
  onMessage: must.beFunction,
  onStdio: must.beFunction,
  onChild: must.beFunction,
}

/** @throws SdError `SD_PROCESS_OPTIONS`. */
export function resolveChildSpec(spec: ChildSpec): ResolvedChildSpec {
  const defaults: object = { ...REQUIRED, ...DEFAULTS }
  return resolveOptions('spawn', 'SD_PROCESS_OPTIONS', spec, defaults, CHECKS) as ResolvedChildSpec
}
