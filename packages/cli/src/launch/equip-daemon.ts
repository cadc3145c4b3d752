import { pathToFileURL } from 'node:url'
import { control } from '@sd/control'
import { recordLife } from '@sd/control/life'
import { type LaunchedDaemon, openRunDirectory, SdError } from '@sd/core'
import { defaultPidFile } from '../pid-file/default-pid-file.ts'
import { pidFile } from '../pid-file/pid-file-plugin.ts'
import type { LaunchPlan } from './launch-plan.ts'
import { printedFile } from './printed-file.ts'
import { tellOfSecond } from './running-instance.ts'

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
  tellOfSecond(daemon)
  // Where the process prints is the log itself where that was named.
  const outFile = switches.detached && switches.log === undefined ? printedFile(name) : undefined
  if (outFile !== undefined) daemon.set('outFile', outFile)
  const isControlled = plugins.includes('control') || (switches.control && addControl(launched))
  // The control socket's plugin does that by itself.
  if (!isControlled) recordLife(daemon)
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

/** @returns whether it could be added. */
function addControl({ daemon }: LaunchedDaemon): boolean {
  try {
    daemon.plugin(control())
    return true
  } catch (error) {
    if ((error as SdError).code !== 'SD_CORE_PLUGIN_NAME') throw error
    daemon.log('There is no control socket: the daemon has a member named "control" of its own.')
    return false
  }
}

async function findDefaultPidFile(name: string): Promise<string> {
  return defaultPidFile(name, await openRunDirectory())
}
