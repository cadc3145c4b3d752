import type { Json } from '@sd/core'
import { readSetting } from '@sd/ini'

/** The section `[api]` of settings.ini. */
export interface ApiSettings {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly customers: readonly string[]
  /** Milliseconds to wait for an answer. */
  readonly patience: number
}

/**
 * Reads the section `[api]`, in the daemon and in its workers.
 *
 * @param settings - `daemon.ini`, or `this.daemon('ini')` in a worker.
 * @throws Error that names all that is missing or wrong.
 */
export function readApiSettings(settings: Json): ApiSettings {
  const read = (key: string): unknown => readSetting(settings, 'api', key)
  const [url, user, password] = ['url', 'user', 'password'].map((key) => String(read(key) ?? ''))
  const customers = [read('customers') ?? []].flat().map(String)
  const patience = Number(read('patience'))
  const problems = [
    URL.canParse(url!) ? '' : 'url must be the address of the service',
    user ? '' : 'user is missing',
    password ? '' : 'password is missing',
    customers.length > 0 ? '' : 'customers[] is missing: name at least one',
    patience > 0 ? '' : 'patience must be a number of milliseconds',
  ].filter(Boolean)
  if (problems.length > 0) throw new Error(`settings.ini, section [api]: ${problems.join('; ')}.`)
  return { url: url!, user: user!, password: password!, customers, patience }
}
