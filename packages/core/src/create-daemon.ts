import type { OwnOptions } from './arguments/own-options.ts'
import { DaemonBase } from './daemon-base.ts'
import { type DaemonHooks, HOOKS, SETTINGS } from './daemon-hooks.ts'
import type { Awaitable } from './json.ts'
import { type DaemonOptions, type ResolvedDaemonOptions, resolveDaemonOptions } from './options.ts'
import { describe } from './resolve-options.ts'
import { SdError } from './sd-error.ts'
import type { StopReason } from './stop-report.ts'

/** A daemon that is composed by calls. Each call returns the daemon, so that they chain. */
// biome-ignore lint/complexity/noBannedTypes: without options there are none to read.
export class ComposedDaemon<const Options extends OwnOptions = {}> extends DaemonBase {
  #options: ResolvedDaemonOptions
  #checkEnvironment: (() => Awaitable<readonly string[]>) | undefined
  #setup: (() => Awaitable<void>) | undefined
  #execute: (() => unknown) | undefined
  #teardown: ((reason: StopReason) => Awaitable<void>) | undefined

  constructor(options: DaemonOptions) {
    super()
    this.#options = resolveDaemonOptions('createDaemon', options)
  }

  /** The name given to `createDaemon`. */
  get name(): string {
    return this.#options.name
  }

  /** The options of the command line given to `createDaemon`. */
  get options(): Options {
    return this.#options.options as Options
  }

  /** The shutdownTimeout given to `createDaemon`, or its default. */
  get shutdownTimeout(): number {
    return this.#options.shutdownTimeout
  }

  /** The interval given to `createDaemon`. Changed while the daemon runs, it holds from the next slot on. */
  get interval(): number | null {
    return this.#options.interval
  }

  /** @throws SdError `SD_CORE_OPTIONS`. */
  set interval(interval: number | null) {
    this.#options = resolveDaemonOptions('createDaemon', { ...this.#options, interval })
  }

  /** Sets what is asked before anything starts: a list of what is missing, in words a person can act on. */
  checkEnvironment(check: (daemon: this) => Awaitable<readonly string[]>): this {
    this.#checkEnvironment = this.#hook('checkEnvironment', check, this.#checkEnvironment)
    return this
  }

  /** Sets what is done once, before the first iteration. */
  setup(setup: (daemon: this) => Awaitable<void>): this {
    this.#setup = this.#hook('setup', setup, this.#setup)
    return this
  }

  /**
   * Sets what is done every interval. Without it the daemon only waits for events. What it throws is a fatal
   * error.
   */
  execute(execute: (daemon: this) => Awaitable<unknown>): this {
    this.#execute = this.#hook('execute', execute, this.#execute)
    return this
  }

  /** Sets what is done once, after the loop has ended and the plugins have drained. */
  teardown(teardown: (daemon: this, reason: StopReason) => Awaitable<void>): this {
    this.#hook('teardown', teardown, this.#teardown)
    this.#teardown = (reason) => teardown(this, reason)
    return this
  }

  protected override [SETTINGS](): DaemonOptions {
    return this.#options
  }

  protected override [HOOKS](): DaemonHooks {
    return {
      checkEnvironment: () => this.#checkEnvironment?.(),
      setup: () => this.#setup?.(),
      execute: this.#execute,
      teardown: (reason) => this.#teardown?.(reason),
      mistakes: () => [],
    }
  }

  /** @param present - what was set before. */
  #hook<Result>(
    name: string,
    hook: (daemon: this, ...rest: never[]) => Result,
    present: unknown,
  ): () => Result {
    const refuse = (why: string): never => {
      throw new SdError('SD_CORE_OPTIONS', `${name}() ${why}`, { option: name })
    }
    if (typeof hook !== 'function') refuse(`takes a function, not ${describe(hook)}.`)
    if (present)
      refuse('was called before, and a second one would replace the first. Put both into one function.')
    return () => hook(this)
  }
}

/**
 * Creates a daemon, to be composed with `use`, `setup` and `execute`, and started with `run`.
 *
 * @throws SdError `SD_CORE_OPTIONS` naming the option, its value, and what to write instead.
 * @example
 * ```ts
 * const daemon = createDaemon({ name: 'hello', interval: 1000 })
 *   .execute((daemon) => daemon.log('hello'))
 * await daemon.run()
 * ```
 */
// biome-ignore lint/complexity/noBannedTypes: without options there are none to read.
export function createDaemon<const Options extends OwnOptions = {}>(
  options: DaemonOptions & { readonly options?: Options },
): ComposedDaemon<Options> {
  return new ComposedDaemon(options)
}
