import type { Json } from '@sd/core'
import type { Attachment } from './child/attachments.ts'

/** What debuggers want to have in every child: the same thing once, however many ask for it. */
export class AttachmentList {
  readonly #users = new Map<string, { readonly attachment: Attachment; count: number }>()
  #lastId = 0

  all(): Attachment[] {
    return [...this.#users.values()].map(({ attachment }) => attachment)
  }

  /** @returns the attachment, and whether nobody had asked for it before. */
  add(module: string, data: Json): { readonly attachment: Attachment; readonly isNew: boolean } {
    const key = keyOf(module, data)
    const known = this.#users.get(key)
    if (known) {
      known.count++
      return { attachment: known.attachment, isNew: false }
    }
    const attachment = { id: ++this.#lastId, module, data }
    this.#users.set(key, { attachment, count: 1 })
    return { attachment, isNew: true }
  }

  /** @returns whether nobody needs it any more. */
  remove({ module, data }: Attachment): boolean {
    const key = keyOf(module, data)
    const known = this.#users.get(key)
    if (!known) return false
    known.count--
    if (known.count > 0) return false
    this.#users.delete(key)
    return true
  }
}

function keyOf(module: string, data: Json): string {
  return `${module} ${JSON.stringify(data)}`
}
