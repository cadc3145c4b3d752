import type { PluginHost } from '@sd/core'

/** As much of a daemon as this plugin uses. */
export function createFakeHost(): { host: PluginHost; shareChanges(): number } {
  let changes = 0
  const host = { shareChanged: () => changes++ } as unknown as PluginHost
  return { host, shareChanges: () => changes }
}
