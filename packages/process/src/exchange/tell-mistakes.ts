import type { PluginHost } from '@sd/core'

/**
 * Logs what of a definition is probably not as it was meant. It is a guess, so it is no error of the daemon.
 *
 * @param owner - as a sentence begins: `The worker "primes"`.
 * @param mistakes - in sentences.
 */
export function tellMistakes(host: PluginHost, owner: string, mistakes: readonly string[]): void {
  for (const mistake of mistakes) {
    host.record({ pid: process.pid, label: host.name, level: 'error', message: `${owner}: ${mistake}` })
  }
}
