import type { Awaitable } from './json.ts'
import type { StopReason } from './stop-report.ts'

/** What a daemon's author fills in. */
export interface DaemonHooks {
  checkEnvironment(): Awaitable<readonly string[] | undefined>
  setup(): unknown
  readonly execute: (() => unknown) | undefined
  teardown(reason: StopReason): unknown
  /** What is probably not as it was meant, in sentences. */
  mistakes(): readonly string[]
}

/**
 * The names under which the two styles of writing a daemon hand over what their author wrote. Symbols, so that
 * authors can name their own members as they like.
 */
export const SETTINGS: unique symbol = Symbol('settings')
export const HOOKS: unique symbol = Symbol('hooks')
