import { pathToFileURL } from 'node:url'
import { control } from '@sd/control'
import { type LaunchedDaemon, openRunDirectory, SdError } from '@sd/core'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { pidFile } from '../pid-file/pid-file-plugin.ts'
import type { LaunchPlan } from './launch-plan.ts'

/**
 * Gives a daemon that is about to start what its switches ask for.
 *
 * @param staysInPlace - whether the process is about to be replaced in place.
 */
export async function equipDaemon(
  launched: LaunchedDaemon,
  { file, switches }: LaunchPlan,
  staysInPlace: () => boolean,
): Promise<void> {
  const { daemon, name, plugins } = launched
  if (switches.recoverWorkers) recoverCalls(launched)
  if (switches.control && !plugins.includes('control')) addControl(launched)
  const path = switches.pidFile ?? (switches.control ? await findDefaultPidFile(name) : undefined)
  if (path !== undefined) {
    daemon.set('pidFile', path)
    const optional = switches.pidFile === undefined
    daemon.plugin(pidFile({ path, program: pathToFileURL(file).href, optional, staysInPlace }))
  }
  // Where the program does it itself, it has taken that variable out of the environment.
  if (process.env.NOTIFY_SOCKET && !plugins.includes('systemdNotify')) {
    const { systemdNotify } = await import('../systemd/systemd-notify.ts')
    daemon.plugin(systemdNotify())
  }
  if (switches.debugWorkers) {
    const { loadDebugConsole } = await import('../daemons/load-debug-console.ts')
    const { debugConsole } = await loadDebugConsole(file)
    // To a detached daemon the console comes later: sd-cli console NAME.
    const foreground = !switches.detached
    const plugin = debugConsole({ allow: true, foreground })
    // Where the program has it already, it is only opened.
    if (!plugins.includes(plugin.name)) daemon.plugin(plugin)
    else if (foreground) daemon.set('debugWorkers', true)
  }
}

function recoverCalls({ daemon, name, canRecoverCalls }: LaunchedDaemon): void {
  if (!canRecoverCalls) {
    const message = `--recoverworkers: no plugin of ${name} keeps calls that could be recovered. Leave the switch out, or add a plugin that does.`
    throw new SdError('SD_CLI_RECOVER', message, { daemon: name })
  }
  daemon.set('recoverWorkers', true)
}

function addControl({ daemon }: LaunchedDaemon): void {
  try {
    daemon.plugin(control())
  } catch (error) {
    if ((error as SdError).code !== 'SD_CORE_PLUGIN_NAME') throw error
    daemon.log('There is no control socket: the daemon has a member named "control" of its own.')
  }
}

async function findDefaultPidFile(name: string): Promise<string> {
  return defaultPidFile(name, await openRunDirectory())
}
