import { installDebugProbe } from '@sd/core'
import { PointProbe } from './point-probe.ts'

const KEY: unique symbol = Symbol.for('sd.debugConsole') as never

/**
 * Has this process ask at its points whether to stop there, and leaves where the debugger finds it whom they ask.
 *
 * @param more - what else the debugger finds there.
 * @returns ends it.
 */
export function enterProbe(more: object = {}): () => void {
  const place = globalThis as { [KEY]?: object }
  const probe = new PointProbe()
  const found = {
    stopHere: probe.stopHere,
    onNotice: probe.onNotice.bind(probe),
    configure: probe.configure.bind(probe),
    describeStop: probe.describeStop.bind(probe),
    describeCall: probe.describeCall.bind(probe),
    stopAtReturn: probe.stopAtReturn.bind(probe),
    conditionFailed: probe.conditionFailed.bind(probe),
    takeFailedCondition: probe.takeFailedCondition.bind(probe),
    abort: probe.abort.bind(probe),
    ...more,
  }
  place[KEY] = found
  installDebugProbe(probe)
  return () => {
    if (place[KEY] !== found) return
    delete place[KEY]
    installDebugProbe(undefined)
  }
}
