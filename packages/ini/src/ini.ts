import { definePlugin, type Json, type Plugin, SdError } from '@sd/core'
import { type IniSettings, isIniMap } from './ini-value.ts'
import { loadSettings } from './load-settings.ts'
import { type IniOptions, resolveIniOptions } from './options.ts'
import { createSettings } from './settings.ts'

/**
 * Makes the plugin that reads settings from an INI file once, when the daemon starts. The settings are
 * `daemon.ini`, one property per section; worker processes read a copy with `this.daemon('ini')`.
 *
 * @param options - the file, and the sections it must have.
 * @throws SdError `SD_INI_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'mailer' })
 *   .use(ini({ file: new URL('./settings.ini', import.meta.url), requiredSections: ['smtp'] }))
 *   .execute((daemon) => {
 *     const host = daemon.ini.smtp.host     // IniValue
 *     daemon.ini.smtp.tries = 3             // overrides it in memory, workers included
 *   })
 * ```
 */
export function ini<const Required extends string = never>(
  options: IniOptions<Required>,
): Plugin<'ini', IniSettings<Required>> {
  const { file, requiredSections } = resolveIniOptions(options)
  return definePlugin('ini', (host) => {
    const store = createSettings(file, () => host.shareChanged(), host.plugin)
    return {
      service: store.settings as IniSettings<Required>,

      async checkEnvironment() {
        try {
          await loadSettings(file, requiredSections)
          return []
        } catch (error) {
          if (error instanceof SdError) return [error.message]
          throw error
        }
      },

      // Reads again: the check may have been long ago, and this must hold without it.
      async setup() {
        store.load(await loadSettings(file, requiredSections))
        host.shareChanged()
      },

      // Names and numbers only: settings hold passwords, and this goes to logs, consoles and dashboards.
      inspect() {
        const sections: Record<string, Json> = Object.create(null)
        const entries = Object.entries(store.snapshot())
        for (const [name, value] of entries) {
          if (isIniMap(value)) sections[name] = Object.keys(value).length
        }
        const keysOutsideSections = entries.length - Object.keys(sections).length
        return { file, loaded: store.isLoaded(), sections, keysOutsideSections }
      },

      share: () => store.snapshot(),
    }
  })
}
