/**
 * In a child process that serves a daemon (a worker, a task), the user's file is imported as it is, and its
 * call of `run()` is where the child begins to serve. The child's entry leaves this object for `run()` to
 * find. It is kept on a global symbol, because the user's file may come with its own copy of this package.
 */
export interface ChildServer {
  /** Serves until the process ends. Never returns. */
  serve(): Promise<never>
}

const KEY: unique symbol = Symbol.for('sd.childServer') as never

/** The server of this process, if it is a child. */
export function childServer(): ChildServer | undefined {
  return (globalThis as { [KEY]?: ChildServer })[KEY]
}

/** Makes this process a child that serves: what `run()` will call. */
export function installChildServer(server: ChildServer): void {
  Object.assign(globalThis, { [KEY]: server })
}
