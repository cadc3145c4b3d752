import type { Session } from 'node:inspector/promises'
import { isInspectorPrivate } from '@sd/core/inspector-flags'
import { askMainThread } from './main-thread.ts'

const INSPECTOR = `process.getBuiltinModule('node:inspector')`

/** The port at which DevTools finds this process. */
export class InspectorPort {
  readonly #session: Session
  #openedHere = false

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * @returns the address; of one that was open already that one's.
   * @throws Error where Node would tell it to every user of the machine.
   */
  async open(): Promise<string> {
    const found = await askMainThread(this.#session, `${INSPECTOR}.url() ?? ''`)
    if (found !== '') return String(found)
    const [execArgv, nodeOptions] = (await askMainThread(
      this.#session,
      `[process.execArgv, process.env.NODE_OPTIONS ?? '']`,
    )) as [string[], string]
    if (!isInspectorPrivate(execArgv, nodeOptions)) {
      throw new Error(
        `The inspector is not opened: every user of this machine could use it. Start the daemon with "sd-cli start", or with "node --inspect-publish-uid=stderr".`,
      )
    }
    this.#openedHere = true
    const address = await askMainThread(
      this.#session,
      `${INSPECTOR}.open(0, '127.0.0.1'), ${INSPECTOR}.url()`,
    )
    return String(address)
  }

  async close(): Promise<void> {
    this.#openedHere = false
    await askMainThread(this.#session, `${INSPECTOR}.close()`)
  }

  /** Debugging ends: what was opened for it is closed. */
  async leave(): Promise<void> {
    if (this.#openedHere) await this.close()
  }
}
