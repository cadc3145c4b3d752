import type { DebugFacet, DebugProcess, Json } from '@sd/core'
import type { Child } from '../child.ts'
import type { ProcessManager } from '../process-manager.ts'

/** What a debugger wants before there is a manager of children. */
interface Wish {
  readonly module: string
  readonly data: Json
  detach: (() => void) | undefined
}

/** The part of a plugin's debug facet that is about child processes: the same for all kinds of children. */
export class ChildrenFacet {
  readonly #describe: (child: Child) => string | undefined
  readonly #wishes = new Set<Wish>()
  #manager: ProcessManager | undefined

  /** @param roleOf - what a child is there for; undefined where it is none of this plugin's. */
  constructor(roleOf: (child: Child) => string | undefined) {
    this.#describe = roleOf
  }

  /** The daemon has a manager now; to be told before the first child is started. */
  provide(manager: ProcessManager): void {
    this.#manager = manager
    for (const wish of this.#wishes) wish.detach = manager.attach(wish.module, wish.data)
    this.#wishes.clear()
  }

  /** To be spread into the plugin's facet. */
  get facet(): Required<Pick<DebugFacet, 'processes' | 'freeze' | 'thaw' | 'attach' | 'openInspector'>> {
    return {
      processes: () => this.#list(),
      freeze: (pid, since) => pid !== undefined && this.#manager?.freeze(pid, since),
      thaw: (pid, at) => pid !== undefined && this.#manager?.thaw(pid, at),
      attach: (module, data) => this.#attach(module, data),
      openInspector: async (pid) => this.#manager?.openInspector(pid),
    }
  }

  #list(): DebugProcess[] {
    const children = (this.#manager?.children() ?? []).flatMap((child) => {
      const role = this.#describe(child)
      const { pid, group, index, state } = child
      return role === undefined || pid === undefined ? [] : [{ pid, role, group, index, state }]
    })
    const spawner = this.#manager?.spawner
    if (spawner === undefined) return children
    return [...children, { pid: spawner, role: 'spawner', group: 'spawner', index: 0, state: 'ready' }]
  }

  #attach(module: string, data: Json): () => void {
    if (this.#manager) return this.#manager.attach(module, data)
    const wish: Wish = { module, data, detach: undefined }
    this.#wishes.add(wish)
    return () => {
      this.#wishes.delete(wish)
      wish.detach?.()
    }
  }
}
