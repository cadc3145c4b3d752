export type { ArgumentCheck } from './arguments/daemon-arguments.ts'
export {
  type ArgumentOf,
  type ArgumentsOf,
  type OwnOption,
  type OwnOptions,
  reservedOptions,
} from './arguments/own-options.ts'
export { isFlag } from './arguments/read-arguments.ts'
export {
  type BackOff,
  type BackOffPolicy,
  backOffDelay,
  countFailure,
  failureScore,
  isPastLimit,
  NO_FAILURES,
} from './back-off.ts'
export { type ChildServer, childServer, installChildServer } from './child-server.ts'
export { type Clock, systemClock, systemTime, type Timer } from './clock.ts'
export { type ComposedDaemon, createDaemon } from './create-daemon.ts'
export { Daemon } from './daemon.ts'
export { DaemonBase, isDaemon, isDaemonClass } from './daemon-base.ts'
export type { DaemonHooks } from './daemon-hooks.ts'
export { createDeadline, type Deadline } from './deadline.ts'
export type { ConsoleCommand, ConsoleCommandContext } from './debug/console-command.ts'
export type {
  CallView,
  DebugFacet,
  DebugModule,
  DebugProcess,
  DebugType,
  LeaseRenewal,
} from './debug/debug-facet.ts'
export type { DebugPoint, DebugPointCall, DebugPointName } from './debug/debug-point.ts'
export {
  type DebugProbe,
  type DebugSeat,
  debugProbe,
  debugSeat,
  installDebugProbe,
  passPoint,
} from './debug/debug-probe.ts'
export type { DebugTarget } from './debug/debug-target.ts'
export type { Environment } from './environment.ts'
export type {
  DaemonEvents,
  EventHandle,
  EventName,
  Handler,
  ListenOptions,
  SignalEffect,
  SignalEvent,
} from './event-bus.ts'
export { describeFailure, isExpectedFailure, untoldFailure } from './failure.ts'
export type { InstallInstructions } from './install-instructions.ts'
export { isAbortOf } from './is-abort-of.ts'
export type { Awaitable, Json } from './json.ts'
export { installLauncher, type LaunchedDaemon, type Launcher, launcher } from './launcher.ts'
export type { LifeChange, LifeState, RetryPause } from './life-change.ts'
export type { LifecycleState } from './lifecycle.ts'
export { boundText, FOREIGN_BOUNDS, type TextBounds } from './log/bound-text.ts'
export { type LogArguments, type LogFunction, readLogArguments, withLabel } from './log/log-arguments.ts'
export type { LogLevel, LogRecord } from './log/log-record.ts'
export type { LogFacts, Logger } from './log/logger.ts'
export { isSameEntry, logicalPath } from './logical-path.ts'
export type { LoopStatistics } from './loop.ts'
export { describeMisspelt, listMembers } from './misspelt-members.ts'
export { nearestName, suggestName } from './nearest-name.ts'
export { type DaemonOptions, daemonDefaults, isDaemonName } from './options.ts'
export { PausableClock } from './pausable-clock.ts'
export { definePlugin, type Plugin, type PluginHost, type PluginInstance, type UseOptions } from './plugin.ts'
export { type Check, type Checks, describe, must, resolveOptions } from './resolve-options.ts'
export { type RestartOptions, restartInPlace } from './restart/restart-in-place.ts'
export type { RestartCheck, Restarter, RestartOrder } from './restart/restarter.ts'
export { percentileOf, Ring } from './ring.ts'
export { findRunDirectory, openRunDirectory, runDirectory } from './run-directory.ts'
export { SdError, type SdErrorDetails, toError } from './sd-error.ts'
export type { DaemonStatistics } from './statistics.ts'
export type { StopReason, StopReport } from './stop-report.ts'
export { noteStart } from './unstarted-daemon.ts'
