import type { DebugModule, Json } from '@sd/core'

/** A module that a debugger wants to have in this process. */
export interface Attachment {
  /** The daemon's number for it. */
  readonly id: number
  /** A `file:` URL. */
  readonly module: string
  readonly data: Json
}

/** What undoes an attachment, once it has started. */
type End = Awaited<ReturnType<DebugModule['start']>>

/** The modules that a debugger has in this process. */
export class Attachments {
  readonly #running = new Map<number, Promise<End>>()
  #started: Promise<void> | undefined

  /** Resolves when all that was attached so far has started, or failed; undefined where there is none. */
  get started(): Promise<void> | undefined {
    return this.#started
  }

  add(attachment: Attachment): void {
    if (this.#running.has(attachment.id)) return
    const running = start(attachment)
    this.#running.set(attachment.id, running)
    this.#started = Promise.all([this.#started, running]).then(() => {})
  }

  remove(id: number): void {
    const running = this.#running.get(id)
    this.#running.delete(id)
    running?.then((end) => end?.()).catch(tell)
  }
}

/** A debugger that does not work must not keep the process from its work. */
async function start({ module, data }: Attachment): Promise<End> {
  try {
    const { start } = (await import(module)) as DebugModule
    return await start(data)
  } catch (error) {
    tell(error)
    return undefined
  }
}

function tell(error: unknown): void {
  console.error('A debugger could not be attached to this process, or detached from it:', error)
}
