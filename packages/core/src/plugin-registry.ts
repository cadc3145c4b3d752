import type { Clock } from './clock.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import type { DebugFacet } from './debug/debug-facet.ts'
import { readInstructions } from './install-instructions.ts'
import { isAbortOf } from './is-abort-of.ts'
import type { Awaitable, Json } from './json.ts'
import { describeMisspelt, listMembers } from './misspelt-members.ts'
import { suggestName } from './nearest-name.ts'
import type { Plugin, PluginHost, PluginInstance } from './plugin.ts'
import { describe } from './resolve-options.ts'
import { SdError, toError } from './sd-error.ts'
import type { StopReason } from './stop-report.ts'

/** Something that did not stop in time, or failed to. */
export interface Unfinished {
  readonly who: string
  readonly what: string
}

/** A teardown may take this long even when the deadline has passed. Milliseconds. */
const LEAST_TEARDOWN = 1000

/** What a plugin may fill in. */
const HOOKS: readonly (keyof PluginInstance<unknown>)[] = [
  ...(['service', 'checkEnvironment', 'setup', 'beforeExecute', 'settle', 'drain', 'teardown'] as const),
  ...(['setupTimeout', 'after'] as const),
  ...(['cancelRestart', 'inspect', 'share', 'debug', 'installInstructions', 'canRecoverCalls'] as const),
]

/** The plugins of one daemon, in the order in which they were added. */
export class PluginRegistry {
  readonly #clock: Clock
  readonly #stopping: () => AbortSignal
  readonly #plugins = new Map<string, PluginInstance<unknown>>()
  /** What each is set up after, as the daemon's author wants it. */
  readonly #after = new Map<string, readonly string[]>()
  /** The plugins' own names. */
  readonly #kinds = new Set<string>()
  /** Those whose setup has begun, in that order. */
  readonly #begun: string[] = []
  #settingUp: string | undefined
  /** Those that take part in every iteration; listed when the first one begins. */
  #preparing: PluginInstance<unknown>[] | undefined

  /** @param stopping - the daemon's signal. */
  constructor(clock: Clock, stopping: () => AbortSignal) {
    this.#clock = clock
    this.#stopping = stopping
  }

  /** The plugin whose setup is under way, or has failed. */
  get settingUp(): string | undefined {
    return this.#settingUp
  }

  /**
   * Creates the plugin's instance.
   *
   * @param isMember - whether a name is taken by the daemon itself.
   * @throws SdError `SD_CORE_PLUGIN` when it is no plugin, `SD_CORE_PLUGIN_NAME` when the name is taken.
   */
  add<Service>(
    plugin: Plugin<string, Service>,
    host: PluginHost,
    isMember: (name: string) => boolean,
    after: readonly string[] = [],
  ): PluginInstance<Service> {
    const name = host.plugin
    if (this.#plugins.has(name)) {
      const message = `The plugin "${name}" is used twice. Give the second one another name: use(plugin, { as: '...' }).`
      throw new SdError('SD_CORE_PLUGIN_NAME', message, { plugin: name })
    }
    if (isMember(name)) {
      const message = `A plugin cannot be named "${name}": the daemon itself has a member of that name.`
      throw new SdError('SD_CORE_PLUGIN_NAME', message, { plugin: name })
    }
    const instance = plugin.create(host)
    if (typeof instance !== 'object' || instance === null || !('service' in instance)) {
      const hint = typeof instance === 'object' && instance !== null ? listMistakes(name, instance) : []
      const what = `The plugin "${name}" must create an object with a "service", not ${describe(instance)}.`
      const message = [what, ...hint].join(' ')
      throw new SdError('SD_CORE_PLUGIN', message, { plugin: name })
    }
    this.#plugins.set(name, instance)
    this.#after.set(name, after)
    this.#kinds.add(plugin.name)
    return instance
  }

  /**
   * The names in the order of their setup: as they were added, each behind those that it comes after.
   *
   * @throws SdError `SD_CORE_PLUGIN_ORDER` where there is no such order, or `use` has named a plugin that is not used.
   */
  listInOrder(): string[] {
    const ordered = new Set<string>()
    const visit = (name: string, path: readonly string[]): void => {
      if (ordered.has(name)) return
      if (path.includes(name)) throw orderError(`${[...path, name].join(' after ')} is a circle`, name)
      const wanted = this.#after.get(name)!
      for (const first of wanted) {
        if (this.#plugins.has(first)) continue
        throw orderError(
          `"${name}" comes after "${first}", which is not used.${suggestName(first, this.names)}`,
          name,
        )
      }
      for (const first of [...wanted, ...(this.#plugins.get(name)!.after ?? [])]) {
        if (this.#plugins.has(first)) visit(first, [...path, name])
      }
      ordered.add(name)
    }
    for (const name of this.#plugins.keys()) visit(name, [])
    return [...ordered]
  }

  /** What is missing, each line with the plugin's name. */
  async checkEnvironment(): Promise<string[]> {
    const checks = [...this.#plugins].map(([name, plugin]) =>
      listMissing(name, () => plugin.checkEnvironment?.()),
    )
    return (await Promise.all(checks)).flat()
  }

  /**
   * Sets the plugins up one after the other.
   *
   * @param goOn - asked before each; false ends it early.
   * @param limit - milliseconds that each may take; 0: no limit.
   * @throws what the plugin's `setup` throws, SdError `SD_CORE_SETUP_TIMEOUT` or `SD_CORE_PLUGIN_ORDER`; `settingUp` tells which
   * one it was.
   */
  async setup(goOn: () => boolean, limit = 0): Promise<void> {
    for (const name of this.listInOrder()) {
      const plugin = this.#plugins.get(name)!
      if (!goOn()) return
      this.#begun.push(name)
      this.#settingUp = name
      const setup = plugin.setup?.()
      if (setup) await setupWithin(name, setup, plugin.setupTimeout ?? limit, this.#clock)
      this.#settingUp = undefined
    }
  }

  /** Asks all plugins to prepare an iteration. @returns a promise only where there is something to wait for. */
  prepareIteration(): Promise<unknown> | undefined {
    this.#preparing ??= [...this.#plugins.values()].filter((plugin) => plugin.beforeExecute)
    if (this.#preparing.length === 0) return undefined
    const waiting = this.#preparing.map((plugin) => plugin.beforeExecute!()).filter((done) => done)
    return waiting.length === 0 ? undefined : Promise.all(waiting)
  }

  /** Waits for what is under way in those that were set up, at most until `end`. One that fails does not hold up anything. */
  async settle(end: Promise<unknown>): Promise<void> {
    const settled = this.#begun.map(async (name) => this.#plugins.get(name)!.settle?.())
    await Promise.race([Promise.allSettled(settled), end])
  }

  /** Drains all that were set up, at the same time. */
  async drain(deadline: Deadline, loopEnd: Promise<void>, reason: StopReason): Promise<Unfinished[]> {
    const drains = this.#begun.map(async (name) => {
      const plugin = this.#plugins.get(name)!
      if (!plugin.drain || name === this.#settingUp) return undefined
      const drained = Promise.resolve().then(() => plugin.drain?.(deadline, loopEnd, reason))
      return finishWithin(
        `${name}.drain`,
        drained,
        async (ended) => {
          await deadline.passed
          // At the deadline a plugin ends by force what is left, which takes a moment.
          await sleep(this.#clock, LEAST_TEARDOWN, ended)
        },
        this.#stopping(),
      )
    })
    return (await Promise.all(drains)).filter((item) => item !== undefined)
  }

  /** Tears down all whose setup had begun, the last one first. */
  async teardown(reason: StopReason, deadline: Deadline): Promise<Unfinished[]> {
    const unfinished: Unfinished[] = []
    for (const name of this.#begun.splice(0).reverse()) {
      const plugin = this.#plugins.get(name)!
      if (!plugin.teardown) continue
      const item = await teardownWithin(
        `${name}.teardown`,
        () => plugin.teardown?.(reason),
        deadline,
        this.#clock,
        this.#stopping(),
      )
      if (item) unfinished.push(item)
    }
    return unfinished
  }

  /** Tells all that no next life follows a teardown for a restart. */
  async cancelRestart(): Promise<Unfinished[]> {
    const cancels = [...this.#plugins].map(async ([name, plugin]) => {
      if (!plugin.cancelRestart) return undefined
      const cancelled = Promise.resolve().then(() => plugin.cancelRestart?.())
      return finishWithin(
        `${name}.cancelRestart`,
        cancelled,
        (ended) => sleep(this.#clock, LEAST_TEARDOWN, ended),
        this.#stopping(),
      )
    })
    return (await Promise.all(cancels)).filter((item) => item !== undefined)
  }

  /** What is probably not as it was meant, in sentences. */
  mistakes(): string[] {
    return [...this.#plugins].flatMap(([name, plugin]) => listMistakes(name, plugin))
  }

  /** The plugins' own names, whatever the daemon calls them. */
  get kinds(): string[] {
    return [...this.#kinds]
  }

  get names(): string[] {
    return [...this.#plugins.keys()]
  }

  /** Whether one can take up calls of an earlier life. */
  get canRecoverCalls(): boolean {
    return [...this.#plugins.values()].some(({ canRecoverCalls }) => canRecoverCalls)
  }

  /** What a person must do so that the plugins work. */
  async installInstructions(): Promise<string[]> {
    const plugins = [...this.#plugins.values()]
    return (await Promise.all(plugins.map((plugin) => readInstructions(plugin.installInstructions)))).flat()
  }

  /** Each plugin's `inspect()`; one that throws shows its error. */
  inspect(): Record<string, Json> {
    return this.#collect('inspect', (_, error) => `failed: ${error.message}`)
  }

  /** Each plugin's `share()`; one that throws is told of and left out. */
  shares(onFailure: (name: string, error: Error) => void): Record<string, Json> {
    return this.#collect('share', (name, error) => {
      onFailure(name, error)
      return undefined
    })
  }

  /** What each plugin lets a debugger see and do, where it does. */
  facets(): Record<string, DebugFacet> {
    const facets: Record<string, DebugFacet> = {}
    for (const [name, { debug }] of this.#plugins) if (debug) facets[name] = debug
    return facets
  }

  #collect(
    hook: 'inspect' | 'share',
    onFailure: (name: string, error: Error) => Json | undefined,
  ): Record<string, Json> {
    const collected: Record<string, Json> = {}
    for (const [name, plugin] of this.#plugins) {
      if (!plugin[hook]) continue
      let value: Json | undefined
      try {
        value = plugin[hook]()
      } catch (thrown) {
        value = onFailure(name, toError(thrown))
      }
      if (value !== undefined) collected[name] = value
    }
    return collected
  }
}

function listMistakes(name: string, plugin: object): string[] {
  const blanks = HOOKS.filter((hook) => !(hook in plugin))
  return describeMisspelt(`The plugin "${name}"`, listMembers(plugin), blanks)
}

function orderError(problem: string, plugin: string): SdError {
  return new SdError('SD_CORE_PLUGIN_ORDER', `The plugins cannot be set up: ${problem}`, { plugin })
}

async function setupWithin(name: string, setup: Awaitable<void>, limit: number, clock: Clock): Promise<void> {
  if (limit === 0) return setup
  const deadline = createDeadline(clock, limit)
  const late = deadline.passed.then(() => {
    const message = `The plugin "${name}" was not set up within ${limit} ms. See what it waits for, or raise setupTimeout (0: no limit).`
    throw new SdError('SD_CORE_SETUP_TIMEOUT', message, { plugin: name, timeout: limit })
  })
  try {
    await Promise.race([setup, late])
  } finally {
    deadline.cancel()
  }
}

/** Runs one environment check; a check that throws counts as one thing that is missing. */
export async function listMissing(
  who: string,
  check: () => Awaitable<readonly string[] | undefined>,
): Promise<string[]> {
  try {
    const missing: unknown = (await check()) ?? []
    if (Array.isArray(missing)) return missing.map((line) => `${who}: ${line}`)
    return [`${who}: the environment check must return an array of strings, not ${describe(missing)}`]
  } catch (thrown) {
    return [`${who}: the environment check failed: ${toError(thrown).message}`]
  }
}

/** Runs one teardown within the deadline, or the least time that each gets. */
export function teardownWithin(
  who: string,
  teardown: () => unknown,
  deadline: Deadline,
  clock: Clock,
  stopping: AbortSignal,
): Promise<Unfinished | undefined> {
  // The deadline may be brought forward meanwhile.
  const limit = (ended: AbortSignal): Promise<void> =>
    sleep(clock, LEAST_TEARDOWN, ended).then(() => deadline.passed)
  return finishWithin(who, Promise.resolve().then(teardown), limit, stopping)
}

/**
 * Waits for `work`, but not longer than `limit`.
 *
 * @param stopping - the daemon's signal.
 * @returns what went wrong, or undefined.
 */
async function finishWithin(
  who: string,
  work: unknown,
  limit: (ended: AbortSignal) => Promise<unknown>,
  stopping: AbortSignal,
): Promise<Unfinished | undefined> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      Promise.resolve(work).then(() => undefined),
      limit(ended.signal).then(() => ({ who, what: 'did not end in time' })),
    ])
  } catch (thrown) {
    // What it waited for has been given up, as it should.
    if (isAbortOf(stopping, thrown)) return undefined
    return { who, what: `failed: ${toError(thrown).message}` }
  } finally {
    ended.abort()
  }
}

function sleep(clock: Clock, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = clock.after(delay, resolve)
    signal.addEventListener('abort', () => timer.cancel(), { once: true })
  })
}
