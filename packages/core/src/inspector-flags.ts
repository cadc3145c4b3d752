/**
 * Node's own flags, so that the inspectors of our processes are for nobody but their user and root. Whoever knows the
 * path of an inspector runs any code in its process. Node tells it over HTTP to every user of the machine, unless
 * `--inspect-publish-uid` leaves only stderr. Flags on the command line win over `NODE_OPTIONS`, wherever that comes
 * from (the environment, `--env-file`).
 */

/** Should the inspector be started, by SIGUSR1 or `inspector.open()`, its path is told on stderr only. */
const PRIVATE = '--inspect-publish-uid=stderr'

/** Does not start the inspector with the process, and never waits for a debugger. */
const NO_INSPECTOR = ['--no-inspect', '--no-inspect-brk', '--no-inspect-wait'] as const

/** A flag that starts the inspector with the process. */
const STARTS = /(?:^|[\s"])--inspect(?:[-_](?:brk|wait))?(?=$|[=\s"])/

/** One after which the process waits for a debugger. */
const WAITS = /(?:^|[\s"])--inspect[-_](?:brk|wait)(?=$|[=\s"])/

/**
 * For a child process, before the flags that are its own: nothing of the parent's inspector is inherited. SIGUSR1 starts
 * one, at a free port: that is how a stuck child is looked at.
 *
 * @param own - flags that were written out for this child: they may start its inspector.
 */
export function childInspectorFlags(own: readonly string[]): string[] {
  const flags = [...NO_INSPECTOR, '--no-disable-sigusr1', '--inspect-port=127.0.0.1:0']
  return startsInspector(own, undefined) ? flags : [...flags, PRIVATE]
}

/** For a process of ours that runs none of the user's code: no inspector ever, also not by SIGUSR1. */
export const noInspectorFlags: readonly string[] = [...NO_INSPECTOR, '--disable-sigusr1']

/**
 * For the process of a daemon: its user's flags, and an inspector that is started by SIGUSR1 before the daemon listens for
 * that is private. One that the user's flags start stays as they say.
 *
 * Not `--disable-sigusr1`: with that no listener for SIGUSR1 hears anything (Node 22 to 26 leave it blocked).
 *
 * @param execArgv - `process.execArgv`
 * @param nodeOptions - `process.env.NODE_OPTIONS`
 */
export function daemonNodeFlags(execArgv: readonly string[], nodeOptions: string | undefined): string[] {
  const isDecided = startsInspector(execArgv, nodeOptions) || execArgv.includes(PRIVATE)
  return isDecided ? [...execArgv] : [PRIVATE, '--inspect-port=127.0.0.1:0', ...execArgv]
}

/** The same for a restart, which nobody watches: the inspector is started again, but no debugger is waited for. */
export function nextLifeNodeFlags(execArgv: readonly string[], nodeOptions: string | undefined): string[] {
  const flags = daemonNodeFlags(execArgv, nodeOptions)
  if (!WAITS.test(asText(execArgv, nodeOptions)) || execArgv.includes(NO_INSPECTOR[2])) return flags
  return [...flags, NO_INSPECTOR[1], NO_INSPECTOR[2]]
}

/** Whether an inspector that is opened now tells its path to nobody who asks over HTTP. */
export function isInspectorPrivate(execArgv: readonly string[], nodeOptions: string | undefined): boolean {
  const text = asText(execArgv, nodeOptions)
  const last = [...text.matchAll(/(?:^|[\s"])--inspect[-_]publish[-_]uid[=\s]"?([\w,]*)/g)].at(-1)
  return last !== undefined && !last[1]!.split(',').includes('http')
}

/** Whether a flag has started the inspector of the process, and not only a signal or a debugger. */
export function startsInspector(execArgv: readonly string[], nodeOptions: string | undefined): boolean {
  return STARTS.test(asText(execArgv, nodeOptions))
}

/** In the order in which Node reads them. */
function asText(execArgv: readonly string[], nodeOptions = ''): string {
  return [nodeOptions, ...execArgv].join(' ')
}
