import { constants } from 'node:os'
import { type DaemonBase, type Json, must, SdError, suggestName } from '@sd/core'
import { wouldEndUnheard } from '@sd/core/process-identity'
import { type ControlMethod, checkParams, invalidParams, type ParamCheck } from '../control-method.ts'
import type { LogRing } from '../log/log-ring.ts'
import { type Introduction, PROTOCOL } from '../protocol.ts'
import { listCalls } from './calls.ts'
import type { Children } from './children.ts'
import { createLogs } from './logs.ts'

/** What the methods tell of. */
export interface MethodParts {
  readonly daemon: DaemonBase
  readonly children: Children
  readonly log: LogRing
  /** Known when the daemon is set up. */
  readonly introduction: () => Introduction
  /** Resolves when a restart can no longer be refused: the new code starts. What is under way may take longer. */
  readonly restartAccepted: Promise<void>
}

/** Milliseconds until a signal is sent: the client gets its answer first. */
const NO_TIME = 0

const mayBeText: ParamCheck = must.beText

/** The methods that every daemon has. */
export function createBuiltInMethods(parts: MethodParts): Record<string, ControlMethod> {
  const { daemon, children, log, introduction, restartAccepted } = parts
  return {
    version(params) {
      checkParams(params, { protocol: must.beInteger(1) })
      const { protocol = PROTOCOL } = params
      if (protocol !== PROTOCOL) {
        throw invalidParams(
          `this daemon speaks version ${PROTOCOL} of the protocol, not ${protocol}. Use the tools of the version that it runs with (${JSON.stringify(introduction().packages)}).`,
        )
      }
      return introduction() as unknown as Json
    },

    status(params) {
      checkParams(params, { lines: must.beInteger(0, 1000) })
      const { plugins, ...own } = daemon.inspect()
      return {
        ...introduction(),
        ...own,
        startTime: daemon.get('startTime')?.toISOString() ?? null,
        canRestart: daemon.canRestart,
        processes: children.tree(),
        plugins,
        log: log.last((params.lines as number | undefined) ?? 20),
      } as unknown as Json
    },

    stats(params) {
      checkParams(params, {})
      return daemon.inspect() as unknown as Json
    },

    calls(params) {
      checkParams(params, {})
      return listCalls(daemon.inspect().plugins)
    },

    stop(params) {
      checkParams(params, { hurry: must.beBoolean })
      // Several may want it to stop, and none of them that calls in progress are given up.
      daemon.terminate('stop over the control socket', params.hurry === true)
      return { pid: process.pid, state: daemon.state }
    },

    async restart(params) {
      checkParams(params, { reason: mayBeText })
      const restarting = daemon.restart((params.reason as string) ?? 'restart over the control socket')
      // What comes after that is for the next life to show, and may take longer than a client waits.
      await Promise.race([restarting, restartAccepted, whenAborted(daemon.signal)])
      return { pid: process.pid, state: daemon.state }
    },

    signal(params) {
      checkParams(params, { signal: mayBeText, force: must.beBoolean })
      const signal = readSignal(params.signal)
      if (params.force !== true && wouldEndUnheard(process, signal)) {
        throw new SdError(
          'SD_CONTROL_UNHEARD',
          `${signal} was not sent: it would end this daemon, which does not handle it. Use "stop", or force: true.`,
          { signal },
        )
      }
      setTimeout(() => process.kill(process.pid, signal), NO_TIME)
      return { pid: process.pid, signal }
    },

    ...createLogs(log),
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** @returns `SIGUSR1` for `usr1`, `USR1` and `SIGUSR1`. */
function readSignal(given: Json | undefined): NodeJS.Signals {
  if (given === undefined)
    throw invalidParams('"signal" is missing: the name of a signal, for instance "USR1".')
  const name = String(given).toUpperCase()
  const signal = name.startsWith('SIG') ? name : `SIG${name}`
  if (Object.hasOwn(constants.signals, signal)) return signal as NodeJS.Signals
  throw invalidParams(`there is no signal "${given}".${suggestName(signal, Object.keys(constants.signals))}`)
}
