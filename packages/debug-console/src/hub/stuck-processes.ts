import type { MainProcess } from './main-process.ts'
import { startAgentFromOutside } from './start-agent-from-outside.ts'

/** Milliseconds until the main thread must have said whether an inspector is open: it waits for 10 s itself. */
const LIMIT = 12_000

/** Starts agents in processes that were stuck when debugging began, through their inspectors. */
export class StuckProcesses {
  readonly #main: MainProcess
  readonly #socket: string
  readonly #waiting = new Map<number, (address: string | undefined) => void>()

  /** @param socket - the hub's. */
  constructor(main: MainProcess, socket: string) {
    this.#main = main
    this.#socket = socket
  }

  /** Its agent is about to connect. @throws Error when none can be started. */
  async reach(pid: number): Promise<void> {
    const address = await this.#main.ask(`openInspector(${pid})`).then(
      () => this.#untilOpen(pid),
      () => undefined,
    )
    if (!address) throw new Error(`${pid} cannot be reached: its inspector does not open.`)
    await startAgentFromOutside(address, this.#socket)
  }

  /** The main thread has opened one, or cannot. */
  onInspector(pid: number, address: string | undefined): void {
    this.#waiting.get(pid)?.(address)
  }

  #untilOpen(pid: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), LIMIT).unref()
      this.#waiting.set(pid, (address) => {
        clearTimeout(timer)
        this.#waiting.delete(pid)
        resolve(address)
      })
    })
  }
}
