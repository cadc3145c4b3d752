import type { DebugProcess } from '@sd/core'
import type { ProcessLabel } from './describe-stop.ts'
import type { MainProcess } from './main-process.ts'

const LETTERS: Readonly<Record<string, string>> = { daemon: 'D', worker: 'W', task: 'T' }

/** Whether code of the user's runs in processes that are there for this. */
export function isUsersRole(role: string): boolean {
  return Object.hasOwn(LETTERS, role)
}

/** What the processes are there for. It is remembered of those that are gone. */
export class ProcessLabels {
  readonly #main: MainProcess
  readonly #labels = new Map<number, ProcessLabel>()

  constructor(main: MainProcess, name: string) {
    this.#main = main
    this.#labels.set(main.pid, { group: name, pid: main.pid, letter: 'D' })
  }

  /** All processes that there are, debugged or not. */
  async list(): Promise<DebugProcess[]> {
    const processes = await this.#main.ask<DebugProcess[]>('processes()').catch(() => [])
    for (const { pid, group, role } of processes) {
      this.#labels.set(pid, { group, pid, letter: LETTERS[role] ?? role.slice(0, 1).toUpperCase() })
    }
    return processes
  }

  async of(pid: number): Promise<ProcessLabel> {
    if (!this.#labels.has(pid)) await this.list()
    return this.#labels.get(pid) ?? { group: 'process', pid, letter: '?' }
  }

  /** How a pid is told to a person: `primes 4711`. */
  nameOf(pid: number): string {
    const label = this.#labels.get(pid)
    return label ? `${label.group} ${pid}` : String(pid)
  }
}
