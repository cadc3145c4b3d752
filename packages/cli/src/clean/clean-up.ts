import { resolve } from 'node:path'
import { runDirectory, SdError, toError } from '@sd/core'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'
import { askToConfirm } from './ask-to-confirm.ts'
import { findLives } from './find-lives.ts'
import { findLocks } from './find-locks.ts'
import { findPidFiles } from './find-pid-files.ts'
import { findSegments } from './find-segments.ts'
import { findSockets } from './find-sockets.ts'
import type { Findings, Leftover } from './leftover.ts'
import { loadOptionalPackages } from './optional-packages.ts'
import { listOwnFiles } from './own-files.ts'

/** What `clean` is called with. */
interface CleanArguments {
  readonly daemon?: string | undefined
  readonly dir?: readonly string[] | undefined
  readonly segment?: readonly string[] | undefined
  readonly yes: boolean
  readonly 'dry-run': boolean
}

/** What became of a leftover. */
interface Outcome extends Omit<Leftover, 'remove'> {
  readonly removed: boolean
  /** Why not. */
  readonly problem?: string
}

/** Removes what dead daemons have left behind. @returns the exit code. */
export async function cleanUp(given: CleanArguments, out: Output): Promise<number> {
  const progress = out.progress('Looking for what dead daemons have left')
  const { segment: segments } = given
  const directories = segments ? [] : [runDirectory(), ...(given.dir ?? []).map((path) => resolve(path))]
  const search = find(directories, given.daemon, segments ?? [])
  const { leftovers, leftAlone } = await search.finally(progress.end)
  // What was asked for by name and stays is a failure.
  const missed = segments ? leftAlone.length : 0
  if (!out.json) show(leftovers, out)
  for (const { path, why } of leftAlone) out.say(`Left alone: ${path}: ${why}`)
  const wanted = leftovers.length > 0 && !given['dry-run'] && (given.yes || (await confirm(leftovers, out)))
  const outcomes: Outcome[] = []
  for (const leftover of leftovers) outcomes.push(wanted ? await remove(leftover) : describe(leftover, false))
  if (out.json) {
    out.printJson({ directories, leftovers: outcomes, leftAlone })
    return missed + countProblems(outcomes) > 0 ? exitCodes.error : exitCodes.ok
  }
  if (leftovers.length === 0 && missed === 0) out.say('Nothing to clean: no dead daemon has left anything.')
  report(outcomes, wanted, given, out)
  return missed + countProblems(outcomes) > 0 ? exitCodes.error : exitCodes.ok
}

const countProblems = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ problem }) => problem !== undefined).length

/** Each kind in the order in which it is safe to remove: what proves that a daemon is dead goes last. */
async function find(
  directories: readonly string[],
  name: string | undefined,
  segments: readonly string[],
): Promise<Findings> {
  const packages = await loadOptionalPackages()
  const findings: Findings[] = []
  for (const directory of new Set(directories)) {
    // Whose it is must be clear before anything in it is believed.
    listOwnFiles(directory)
    const sockets = await findSockets(directory, name)
    const search = { name, living: sockets.living }
    findings.push(
      await findLocks(directory, packages, search),
      sockets,
      findLives(directory, search),
      findPidFiles(directory, search),
    )
  }
  findings.push(await findSegments(packages, segments))
  return {
    leftovers: findings.flatMap(({ leftovers }) => leftovers),
    leftAlone: findings.flatMap(({ leftAlone }) => leftAlone),
  }
}

function show(leftovers: readonly Leftover[], out: Output): void {
  if (leftovers.length === 0) return
  out.printTable({
    columns: [{ title: 'daemon' }, { title: 'what' }, { title: 'where' }, { title: 'why it is left over' }],
    rows: leftovers.map(({ name, kind, path, why }) => [name, kind, path, why]),
  })
}

async function confirm(leftovers: readonly Leftover[], out: Output): Promise<boolean> {
  // Who asks for JSON is no person.
  const answer = out.json
    ? undefined
    : await askToConfirm(leftovers.length === 1 ? 'Remove it?' : `Remove these ${leftovers.length}?`)
  if (answer !== undefined) return answer
  throw new SdError(
    'SD_CLI_UNCONFIRMED',
    'Nothing was removed: there is no terminal to ask. Confirm with --yes, or look with --dry-run.',
    {
      leftovers: leftovers.map((leftover) => describe(leftover, false)),
    },
  )
}

async function remove(leftover: Leftover): Promise<Outcome> {
  try {
    const removed = await leftover.remove()
    return removed ? describe(leftover, true) : describe(leftover, false, 'it is in use by now, or gone')
  } catch (thrown) {
    return describe(leftover, false, toError(thrown).message)
  }
}

function describe({ kind, name, path, why }: Leftover, removed: boolean, problem?: string): Outcome {
  return { kind, name, path, why, removed, ...(problem !== undefined && { problem }) }
}

function report(outcomes: readonly Outcome[], wanted: boolean, given: CleanArguments, out: Output): void {
  if (outcomes.length === 0) return
  if (!wanted) return out.say(given['dry-run'] ? 'Nothing was removed: --dry-run.' : 'Nothing was removed.')
  const removed = outcomes.filter((outcome) => outcome.removed)
  out.say(`Removed ${removed.length} of ${outcomes.length}.`)
  const failed = outcomes.filter(({ problem }) => problem !== undefined)
  for (const { path, problem } of failed) out.warn(`Kept ${path}: ${problem}.`)
}
