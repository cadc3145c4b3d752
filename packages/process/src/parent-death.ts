import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

/** Who kills a child whose parent was killed: the kernel (`signal`), or a thread of the child (`guard`). */
export type ParentDeath = 'signal' | 'guard'

/** How children are protected on this system. */
export interface ParentDeathProtection {
  readonly mode: ParentDeath
  /** What stands before the command; empty in guard mode. */
  readonly prefix: readonly string[]
}

/**
 * Finds the best protection: `setpriv --pdeathsig KILL` of util-linux, which asks the kernel, does not run any
 * longer than its exec, and needs no native code of ours. Where something may forbid it, trying it takes about 4
 * ms, once per daemon; through it a child starts less than 1 ms later. The guard costs each child a thread.
 *
 * @param wanted - only this mode.
 */
export function findParentDeathProtection(wanted?: ParentDeath): ParentDeathProtection {
  const guard: ParentDeathProtection = { mode: 'guard', prefix: [] }
  // The kernel sends the signal when the thread ends that made the child, not when its process does.
  if (wanted === 'guard' || process.platform !== 'linux' || !isMainThread) return guard
  const setpriv = findOnPath('setpriv')
  if (setpriv === undefined) return guard
  const prefix = [setpriv, '--pdeathsig', 'KILL', '--']
  return isSureToWork(setpriv) || works(prefix) ? { mode: 'signal', prefix } : guard
}

/** Whether nothing stands in the way that would have to be tried: no filter of system calls, no security module. */
function isSureToWork(setpriv: string): boolean {
  const isUnfiltered = /^Seccomp:\s*0$/m.test(readIfPossible('/proc/self/status'))
  // Where there is no security module there is no such file, or nothing can be read from it.
  const isUnconfined = /^(unconfined\b|\0?\n?$)/.test(readIfPossible('/proc/self/attr/current'))
  return isUnfiltered && isUnconfined && readIfPossible(setpriv).includes('pdeathsig')
}

/** Tries it for real: busybox has a setpriv without the option, and sandboxes forbid the system call. */
function works([setpriv, ...args]: readonly string[]): boolean {
  return spawnSync(setpriv!, [...args, setpriv!, '--version'], { stdio: 'ignore' }).status === 0
}

function readIfPossible(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
