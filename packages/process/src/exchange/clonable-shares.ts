import { type Json, type PluginHost, SdError, toError } from '@sd/core'
import { decodeMessage, encodeMessage } from '../channel/message-codec.ts'
import { findUnclonable } from './find-unclonable.ts'

/**
 * What the plugins share with child processes; what cannot be sent to one is reported and left out.
 *
 * @param code - of the error that tells it.
 */
export function clonableShares(host: PluginHost, code: string): Record<string, Json> {
  const clonable: Record<string, Json> = {}
  for (const [plugin, share] of Object.entries(host.shares())) {
    try {
      clonable[plugin] = decodeMessage(encodeMessage(share, 0).bytes) as Json
    } catch (thrown) {
      const found = findUnclonable(share, 'share')
      const where = found ? `${found.path} is ${found.what}` : toError(thrown).message
      const message = `The plugin "${plugin}" shares something that cannot be sent to other processes: ${where}. Share plain data.`
      host.error(new SdError(code, message, { plugin, path: found?.path }), plugin)
    }
  }
  return clonable
}
