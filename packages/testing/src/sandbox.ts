import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeOwner, kill, MARKER, makeOwnedDirectory } from './ownership.ts'
import { findMarkedProcesses, findZombies, type SeenProcess } from './process-scan.ts'
import { waitUntil } from './wait-until.ts'

/** A place for one test, that knows at the end whether the test cleaned up. */
export interface Sandbox {
  /** A temporary directory of its own. */
  readonly dir: string
  /** Give it to every process that the test starts: all their descendants inherit the marker. */
  readonly env: Readonly<Record<string, string>>
  /** The living processes that carry the marker. */
  processes(): readonly SeenProcess[]
  /** The children of this process that have ended and were not reaped, whoever started them. Linux only. */
  zombies(): readonly SeenProcess[]
  /**
   * Proves that no process with the marker lives, that this process has no zombie, and that it has no more
   * timers, sockets and pipes than when the sandbox was made. Then removes the directory. Processes that it
   * finds are killed, so that they do not disturb the next test.
   *
   * @param options - `timeout`: milliseconds that ends may take, @default 5_000; `emptyDir`: also proves that
   * the directory is empty, @default false.
   * @throws Error that names what is left.
   */
  assertNothingLeft(options?: { timeout?: number; emptyDir?: boolean }): Promise<void>
}

/** What a sandbox looks at. */
export interface SandboxOptions {
  /**
   * Whether it also counts the timers, sockets and pipes of this process; not where other tests run beside.
   * @default true
   */
  countsHandles?: boolean
}

/**
 * Make it before the test starts anything.
 *
 * @example
 * ```ts
 * const sandbox = createSandbox()
 * const fixture = runFixture(new URL('./fixtures/daemon.ts', import.meta.url), { env: sandbox.env })
 * await fixture.exit
 * await sandbox.assertNothingLeft()
 * ```
 */
export function createSandbox({ countsHandles = true }: SandboxOptions = {}): Sandbox {
  const id = `${describeOwner()}-${randomUUID()}`
  const dir = makeOwnedDirectory()
  openStandardStreams()
  const handlesBefore = countHandles()
  const processes = (): SeenProcess[] => findMarkedProcesses(`${MARKER}=${id}`)

  function leftovers(emptyDir: boolean): string[] {
    return [
      ...processes().map(describeProcess),
      // Where other tests run beside, one may have just ended.
      ...(countsHandles ? findZombies().map((zombie) => `zombie ${describeProcess(zombie)}`) : []),
      ...(countsHandles ? extraHandles(handlesBefore) : []),
      ...(emptyDir ? readdirSync(dir).map((name) => `file ${join(dir, name)}`) : []),
    ]
  }

  async function assertNothingLeft({ timeout = 5_000, emptyDir = false } = {}): Promise<void> {
    let left: string[] = []
    const isClean = (): boolean => {
      left = leftovers(emptyDir)
      return left.length === 0
    }
    try {
      await waitUntil(isClean, 'nothing is left', timeout)
    } catch (cause) {
      throw new Error(`The test left behind:\n${left.join('\n')}`, { cause })
    } finally {
      for (const { pid } of processes()) kill(pid)
      await rm(dir, { recursive: true, force: true })
    }
  }

  return { dir, env: { [MARKER]: id }, processes, zombies: findZombies, assertNothingLeft }
}

/** Node makes them when somebody first looks, which must not count as left behind by the test. */
function openStandardStreams(): void {
  for (const name of ['stdin', 'stdout', 'stderr'] as const) void process[name]
}

/** What may keep a process running, or leaks with it: counted by kind. */
function countHandles(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    // Of the moment: promises of the file system, and what the test itself waits with.
    if (/Req|Immediate|CloseReq/.test(kind)) continue
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function extraHandles(before: Map<string, number>): string[] {
  return [...countHandles()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} more ${kind}`)
}

function describeProcess({ pid, ppid, state, command }: SeenProcess): string {
  return `process ${pid} (parent ${ppid}, state ${state}): ${command}`
}
