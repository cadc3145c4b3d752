import {
  boundText,
  type DebugPointCall,
  debugSeat,
  FOREIGN_BOUNDS,
  type Json,
  passPoint,
  readLogArguments,
  SdError,
} from '@sd/core'

/** What code in a child process has as `this`, whatever the child was started for. */
export interface ChildContext {
  /**
   * Writes to the daemon's log, under this process's id: anything, as `console.log` would print it. Never throws. A
   * second argument that is a string is the label.
   */
  log(message: string, label?: string): void
  log(...values: unknown[]): void
  /** As `log`, for an error; the daemon's `error` listeners hear of it. */
  error(message: string | Error, label?: string): void
  error(...values: unknown[]): void
  /**
   * Stops here when a debug console is attached and asks for it. Without one it does nothing, and costs nothing.
   *
   * @param label - what the console shows.
   * @returns true to go on. False when the person at the console has aborted: return, then; whatever the code still
   * does, it settles as cancelled.
   */
  breakpoint(label?: string): boolean
  /**
   * What a plugin of the daemon shares, for instance `this.daemon('ini')`. Read-only, and up to date.
   *
   * @throws SdError `SD_WORKERS_NOT_SHARED` or `SD_TASKS_NOT_SHARED`, naming what is shared.
   */
  daemon(plugin: string): Json
}

/** What a context is made of. */
export interface ChildContextSettings {
  log(level: 'info' | 'error', message: string, label?: string): void
  shares(): Readonly<Record<string, Json>>
  /** The code of the error when a plugin shares nothing. */
  readonly notSharedCode: string
  /** The call, or task, to which the code that asks belongs. */
  current(): DebugPointCall | undefined
  /** It was aborted. @param where - for people. */
  onAborted(call: DebugPointCall, where: string): void
}

/** Makes the part of a context that all kinds of children have. */
export function createChildContext(settings: ChildContextSettings): ChildContext {
  const { log, shares, notSharedCode } = settings
  const seat = debugSeat()
  const say = (level: 'info' | 'error', values: readonly unknown[]): void => {
    const { text, label } = readLogArguments(values)
    // More would be cut in the daemon, and is not sent.
    log(level, boundText(text, FOREIGN_BOUNDS), label && boundText(label, FOREIGN_BOUNDS))
  }
  return {
    log: (...values) => say('info', values),
    error: (...values) => say('error', values),
    breakpoint(label) {
      if (!seat.probe) return true
      const call = settings.current()
      const named = label !== undefined && { label: String(label) }
      const goOn = passPoint(seat, { name: 'breakpoint', ...named, ...(call && { call }) })
      if (!goOn && call) settings.onAborted(call, named ? `breakpoint "${named.label}"` : 'breakpoint')
      return goOn
    },
    daemon(plugin) {
      const all = shares()
      const share = Object.hasOwn(all, plugin) ? all[plugin] : undefined
      if (share !== undefined) return share
      const known = Object.keys(all).join(', ') || 'none'
      const message = `The plugin "${plugin}" shares nothing with the daemon's processes. Plugins that do: ${known}.`
      throw new SdError(notSharedCode, message, { plugin })
    },
  }
}

/**
 * Gives the user's object its context as members. A plain object is left as it is and inherited from; an instance
 * gets the members itself, because private fields do not pass through inheritance. A member of its own wins.
 *
 * @returns what is to be `this` of its methods.
 */
export function attachContext(target: object, context: object): object {
  const prototype = Object.getPrototypeOf(target) as unknown
  const self: object = prototype === Object.prototype || prototype === null ? Object.create(target) : target
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(context))) {
    if (!(name in self))
      Object.defineProperty(self, name, { ...property, enumerable: false, configurable: true })
  }
  return self
}
