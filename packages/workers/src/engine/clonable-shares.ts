import { type Json, type PluginHost, SdError, toError } from '@sd/core'
import { findUnclonable } from '../call/find-unclonable.ts'

/** What the plugins share; what cannot be sent to a process is reported and left out. */
export function clonableShares(host: PluginHost): Record<string, Json> {
  const clonable: Record<string, Json> = {}
  for (const [plugin, share] of Object.entries(host.shares())) {
    try {
      clonable[plugin] = structuredClone(share)
    } catch (thrown) {
      const found = findUnclonable(share, 'share')
      const where = found ? `${found.path} is ${found.what}` : toError(thrown).message
      const message = `The plugin "${plugin}" shares something that cannot be sent to worker processes: ${where}. Share plain data.`
      host.error(new SdError('SD_WORKERS_UNCLONABLE', message, { plugin, path: found?.path }), plugin)
    }
  }
  return clonable
}
