import { findCompileCache } from './compile-cache.ts'
import { findLeakingDescriptors } from './inherited-descriptors.ts'
import { launch } from './launch.ts'
import { type LaunchFacts, type LaunchSurroundings, planLaunch } from './launch-plan.ts'
import type { LaunchedProcess } from './launched-process.ts'
import type { ResolvedChildSpec } from './options.ts'
import { findParentDeathProtection, type ParentDeath } from './parent-death.ts'
import { readCredentials } from './spawner/credentials.ts'
import { Spawner } from './spawner/spawner.ts'

/** What tests set. */
export interface LauncherSeams {
  /** Uses only this protection. @default what the system has */
  parentDeath?: ParentDeath
  /** Where compiled code is kept. @default a directory of this user's */
  compileCache?: string
  /** Bytes of memory from which on the spawner is used. @default 256 MiB */
  largeFrom?: number
}

/**
 * Bytes of this process's memory from which on it is worth a process of its own not to be copied. To start a
 * process the system copies the page tables of the one that asks, which stands still meanwhile: below this for
 * less than 10 ms.
 */
const LARGE_FROM = 256 * 2 ** 20

/** Starts the processes of one manager's children: itself, or, once the daemon is large, through a spawner. */
export class Launcher {
  readonly #name: string
  readonly #seams: LauncherSeams
  #found: LaunchSurroundings | undefined
  #spawner: Spawner | undefined
  #spawnerCredentials: string | undefined
  #spawnersFail = false
  /** This one, and those before it that still have processes. */
  readonly #spawners = new Set<Spawner>()

  /** @param name - the daemon's. */
  constructor(name: string, seams: LauncherSeams = {}) {
    this.#name = name
    this.#seams = seams
  }

  /** The process through which others are started, while there is one. */
  get spawnerPid(): number | undefined {
    return this.#spawner?.alive ? this.#spawner.pid : undefined
  }

  /** @returns the process, or a promise of it, or of why there is none. Never throws. */
  launch(spec: ResolvedChildSpec, facts: LaunchFacts): LaunchedProcess | Promise<LaunchedProcess | Error> {
    try {
      const spawner = this.#useSpawner()
      const plan = planLaunch(spec, facts, this.#surroundings, spawner?.pid)
      if (!spawner) return launch(plan)
      return spawner.launch(plan).then((result) => {
        if (result) return result
        // It died: the daemon starts this one itself, and all others when spawners do not work here.
        if (!spawner.proven) this.#spawnersFail = true
        return launch(planLaunch(spec, facts, this.#surroundings))
      })
    } catch (error) {
      return Promise.resolve(error as Error)
    }
  }

  /** Ends the spawners, when all processes are dead. */
  async close(): Promise<void> {
    await Promise.all([...this.#spawners].map((spawner) => spawner.close()))
  }

  /** What the system offers is found out with the first child. */
  get #surroundings(): LaunchSurroundings {
    this.#found ??= {
      protection: findParentDeathProtection(this.#seams.parentDeath),
      compileCache: this.#seams.compileCache ?? findCompileCache(),
      leaking: findLeakingDescriptors(),
    }
    return this.#found
  }

  #useSpawner(): Spawner | undefined {
    // Where the kernel does not kill them, the spawner's processes could outlive it.
    if (this.#spawnersFail || this.#surroundings.protection.mode !== 'signal') return undefined
    const credentials = readCredentials()
    if (this.#spawner?.alive && this.#spawnerCredentials === credentials) return this.#spawner
    if (process.memoryUsage.rss() < (this.#seams.largeFrom ?? LARGE_FROM)) return undefined
    const spawner = new Spawner(this.#surroundings, `sd ${this.#name}: spawner`)
    this.#spawners.add(spawner)
    void spawner.ended.then(() => this.#spawners.delete(spawner))
    this.#spawner = spawner
    this.#spawnerCredentials = credentials
    return spawner.alive ? spawner : undefined
  }
}
