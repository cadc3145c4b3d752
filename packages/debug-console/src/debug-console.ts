import {
  type ConsoleCommand,
  definePlugin,
  type Json,
  type Plugin,
  SdError,
  type Timer,
  toError,
} from '@sd/core'
import { AddedCommands } from './added-commands.ts'
import type { Debugging } from './debugging.ts'
import {
  type DebugConsoleOptions,
  type ResolvedDebugConsoleOptions,
  resolveDebugConsoleOptions,
} from './options.ts'

/** What users get as `daemon.console`. */
export interface DebugConsoleService {
  /** Whether the daemon is being debugged at the moment. */
  readonly on: boolean
  /**
   * Adds a command to the console.
   *
   * @returns removes it.
   * @throws SdError `SD_DEBUG_CONSOLE_COMMAND` when its name is taken, or it is no command.
   * @example
   * ```ts
   * daemon.console.command({
   *   name: 'orders',
   *   help: 'How many orders wait.',
   *   run: () => `${orders.length} orders wait.`,
   * })
   * ```
   */
  command(command: ConsoleCommand): () => void
}

/**
 * Real breakpoints across all processes of the daemon, in one terminal.
 *
 * In a foreground terminal the console opens when the daemon starts. Elsewhere nothing happens, until a console attaches
 * over the control socket, where the option `allow` lets it.
 *
 * @throws SdError `SD_DEBUG_CONSOLE_OPTIONS` when an option is wrong.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'poller', interval: 1000 }).use(control()).use(debugConsole({ allow: true }))
 * ```
 */
export function debugConsole(options: DebugConsoleOptions = {}): Plugin<'console', DebugConsoleService> {
  const resolved = resolveDebugConsoleOptions(options)
  return definePlugin('console', (host) => {
    const commands = new AddedCommands()
    /** The one that is on, or beginning. */
    let debugging: Promise<Debugging> | undefined
    let current: Debugging | undefined
    let ending: Timer | undefined

    const begin = (foreground: boolean): Promise<Debugging> => {
      debugging ??= (async () => {
        try {
          if (!isOn()) await current?.end()
          // Child processes import this file, too, and would spend milliseconds on what they never do.
          const { Debugging } = await import('./debugging.ts')
          const socket = await Debugging.prepareSocket(host.name)
          if (!current || current.ended)
            current = Debugging.start(host, commands, resolved, foreground, socket)
          await current.open(foreground)
          return current
        } finally {
          debugging = undefined
        }
      })()
      return debugging
    }
    const isOn = (): boolean => current !== undefined && !current.ended

    let endStandby: Promise<() => Promise<void>> | undefined
    const startStandby = async (): Promise<() => Promise<void>> => {
      const { Debugging } = await import('./debugging.ts')
      const { startStandby } = await import('./standby/start-standby.ts')
      const socket = await Debugging.prepareSocket(host.name)
      return startStandby(host.name, {
        begin() {
          if (host.signal.aborted) return { refused: 'The daemon is stopping.' }
          if (!current || current.ended) {
            current?.release()
            current = Debugging.start(host, commands, resolved, false, socket)
          }
          return { socket: current.socket }
        },
        attach: () => current?.attach(),
      })
    }

    if (resolved.standby ?? resolved.allow) {
      // Not on the way of the start.
      host.on('started', () => {
        endStandby ??= startStandby()
        endStandby.catch((error) => host.error(toError(error)))
      })
    }

    // Plugins never import each other: where there is a control socket, it says so before it opens.
    host.on('control', ({ method }) => {
      method('console', async (): Promise<Json> => {
        if (!resolved.allow) throw refusal(host.name)
        if (host.signal.aborted) throw new SdError('SD_DEBUG_CONSOLE_STOPPING', 'The daemon is stopping.')
        const found = isOn() ? current! : await begin(false)
        return { socket: found.socket }
      })
    })

    return {
      service: {
        get on() {
          return isOn()
        },
        command: (command) => commands.add(command),
      },

      async setup() {
        host.dispatch('console', { command: (command) => commands.add(command) })
        if (isWanted(host.daemon) || opensAtOnce(resolved)) await begin(true)
      },

      // Nobody who thinks at a prompt for longer than that may cost a call its life.
      drain(deadline) {
        if (isOn()) ending = host.clock.after(deadline.remaining() / 2, () => void current?.end(), false)
      },

      async teardown() {
        ending?.cancel()
        await debugging?.catch(() => {})
        await current?.end()
        await endStandby?.then(
          (end) => end(),
          () => {},
        )
      },

      inspect: () => ({ on: isOn(), allowed: resolved.allow }),
    }
  })
}

/** Whether whoever launched the daemon asks for it, with `daemon.set('debugWorkers', true)`. */
function isWanted(daemon: object): boolean {
  const { is } = daemon as { is?(flag: string): boolean }
  return is?.call(daemon, 'debugWorkers') ?? false
}

function opensAtOnce({ foreground }: ResolvedDebugConsoleOptions): boolean {
  return foreground ?? Boolean(process.stdin.isTTY && process.stdout.isTTY)
}

function refusal(name: string): SdError {
  return new SdError(
    'SD_DEBUG_CONSOLE_NOT_ALLOWED',
    `The daemon "${name}" does not allow a console to attach. Use debugConsole({ allow: true }) in it, and restart it.`,
  )
}
