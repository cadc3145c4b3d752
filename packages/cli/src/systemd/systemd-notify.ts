import { definePlugin, type Plugin, type Timer } from '@sd/core'
import { createNotifier } from './notifier.ts'
import { giveBackServiceManager, type ServiceManager, takeServiceManager } from './service-manager.ts'

/** What users get as `daemon.systemdNotify`. */
export interface SystemdNotifyService {
  /** Whether systemd wants to be notified: `Type=notify`. */
  readonly active: boolean
  /** Shows a line in `systemctl status`, until the next one. */
  status(text: string): void
}

/** `systemctl status` shows one line. */
const LONGEST_STATUS = 200

/**
 * Makes the plugin that tells systemd how the daemon is: that it is ready when its `setup` is done, that it restarts in
 * place or stops, and, where the unit has `WatchdogSec=`, twice in that time that its event loop still turns. Without
 * systemd it does nothing. The unit needs `Type=notify` and `NotifyAccess=all`.
 *
 * `sd-cli run` adds it by itself.
 *
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'poller', interval: 1000 }).use(systemdNotify())
 * ```
 */
export function systemdNotify(): Plugin<'systemdNotify', SystemdNotifyService> {
  return definePlugin('systemdNotify', (host) => {
    const manager = takeServiceManager()
    const inactive: SystemdNotifyService = { active: false, status: () => {} }
    if (!manager) return { service: inactive }

    let hasFailed = false
    const notifier = createNotifier(manager.socket, (problem) => {
      if (!hasFailed) host.log(`Warning: cannot notify systemd (${problem}). ${advise(manager)}`)
      hasFailed = true
    })
    const tell = (...assignments: string[]): void => {
      // Whoever says anything lives.
      notifier.send(manager.watchdog === undefined ? assignments : [...assignments, 'WATCHDOG=1'])
    }
    let timer: Timer | undefined
    const beat = (): void => {
      timer?.cancel()
      if (manager.watchdog === undefined) return
      if (!notifier.busy) tell()
      // A loop that is blocked does not come here. That is what systemd then notices.
      timer = host.clock.after(manager.watchdog / 2, beat, false)
    }

    let restarting = false
    host.on('started', () => tell('READY=1', statusLine('Running')))
    host.on('restart', ({ reason }) => {
      restarting = true
      tell('RELOADING=1', `MONOTONIC_USEC=${monotonicMicroseconds()}`, statusLine(`Restarting: ${reason}`))
      // Also where the start fails before it has come to this plugin, and is tried again after a pause.
      beat()
    })
    const onStop = (): void => {
      if (!restarting) tell('STOPPING=1', statusLine('Stopping'))
    }
    host.signal.addEventListener('abort', onStop, { once: true })

    return {
      service: { active: true, status: (text) => tell(statusLine(String(text))) },

      setup() {
        tell(statusLine('Starting'))
        beat()
      },

      async teardown() {
        // A daemon that is about to be replaced may have to wait for that, and is watched meanwhile.
        if (restarting) giveBackServiceManager(manager)
        else timer?.cancel()
        await notifier.flush()
      },
    }
  })
}

function statusLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed would begin another assignment.
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim()
  return `STATUS=${line.length > LONGEST_STATUS ? `${line.slice(0, LONGEST_STATUS - 1)}…` : line}`
}

/** CLOCK_MONOTONIC, as systemd counts it. */
function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n
}

function advise({ watchdog }: ServiceManager): string {
  return watchdog === undefined
    ? 'A unit with Type=notify will not know that the daemon is up: remedy that, or use Type=exec.'
    : 'systemd will take the daemon for hung: remedy that, or use Type=exec and no WatchdogSec= in the unit.'
}
