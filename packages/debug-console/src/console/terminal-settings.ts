import { spawnSync } from 'node:child_process'

/**
 * Remembers how the terminal of this process is set, to set it so again when Node cannot: the shell has the terminal back
 * as soon as the daemon is gone, and from then on the system lets nobody else change it who does not ignore SIGTTOU.
 *
 * @returns sets it so again.
 */
export function rememberTerminal(): () => void {
  const { stdout, status } = spawnSync('stty', ['-g'], {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
  const settings = stdout?.trim() ?? ''
  if (status !== 0 || !/^[\w:=]+$/.test(settings)) return () => {}
  return () => void spawnSync('sh', ['-c', `trap '' TTOU; stty ${settings}`], { stdio: 'inherit' })
}
