import { findCompileCache } from './compile-cache.ts'
import { type LaunchedProcess, type LaunchFacts, type LaunchSurroundings, launch } from './launch.ts'
import type { ResolvedChildSpec } from './options.ts'
import { findParentDeathProtection, type ParentDeath } from './parent-death.ts'

/** Starts the processes of one manager's children. */
export interface Launcher {
  /**
   * @returns the process, or a promise of why there is none. Never throws.
   */
  launch(spec: ResolvedChildSpec, facts: LaunchFacts): LaunchedProcess | Promise<Error>
}

/** What tests set. */
export interface LauncherSeams {
  /** Uses only this protection. @default what the system has */
  parentDeath?: ParentDeath
  /** Where compiled code is kept. @default a directory of this user's */
  compileCache?: string
}

/** Makes a launcher; what the system offers is found out with the first child. */
export function createLauncher(seams: LauncherSeams = {}): Launcher {
  let surroundings: LaunchSurroundings | undefined
  return {
    launch(spec, facts) {
      surroundings ??= {
        protection: findParentDeathProtection(seams.parentDeath),
        compileCache: seams.compileCache ?? findCompileCache(),
      }
      return launch(spec, facts, surroundings)
    },
  }
}
