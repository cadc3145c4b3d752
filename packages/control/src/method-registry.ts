import { SdError, suggestName } from '@sd/core'
import type { ControlMethod } from './control-method.ts'

/** Methods that a plugin must bring along, and what to do to have them. */
const OFFERED_BY_PLUGINS: Readonly<Record<string, string>> = {
  console: 'No plugin of this daemon offers a console. Add one that does, and restart the daemon.',
}

/** The methods of one daemon's control socket. */
export class MethodRegistry {
  readonly #methods = new Map<string, ControlMethod>()

  /**
   * Adds a method.
   *
   * @returns removes it.
   * @throws SdError `SD_CONTROL_METHOD` when the name is taken, or one that JSON-RPC keeps for itself.
   */
  add(name: string, method: ControlMethod): () => void {
    const refuse = (problem: string): never => {
      throw new SdError('SD_CONTROL_METHOD', `control.method(): ${problem}`, { method: name })
    }
    if (typeof name !== 'string' || !/^[A-Za-z_][\w.:-]*$/.test(name)) {
      refuse(`${JSON.stringify(name)} is no method name: use letters, digits, "_", ".", ":" and "-".`)
    }
    if (name.startsWith('rpc.')) refuse(`"${name}" is kept by JSON-RPC: a name must not begin with "rpc.".`)
    if (typeof method !== 'function') refuse(`the handler of "${name}" must be a function.`)
    if (this.#methods.has(name)) refuse(`there is a method "${name}" already. Choose another name.`)
    this.#methods.set(name, method)
    return () => {
      if (this.#methods.get(name) === method) this.#methods.delete(name)
    }
  }

  /** @throws SdError `SD_CONTROL_UNKNOWN_METHOD` with the list of known ones. */
  find(name: string): ControlMethod {
    const method = this.#methods.get(name)
    if (method) return method
    const why = Object.hasOwn(OFFERED_BY_PLUGINS, name)
      ? ` ${OFFERED_BY_PLUGINS[name]}`
      : suggestName(name, this.names)
    throw new SdError('SD_CONTROL_UNKNOWN_METHOD', `Method not found: "${name}".${why}`, { method: name })
  }

  get names(): string[] {
    return [...this.#methods.keys()].sort()
  }
}
