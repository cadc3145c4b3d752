import { parseArgs } from 'node:util'
import { nearestName } from '@sd/core'
import { pools } from './workloads/subjects.ts'
import { workloads } from './workloads/workloads.ts'

/** What a run shall do. */
export interface BenchOptions {
  /** Everything, with more rounds. */
  readonly full: boolean
  /** The workloads to run, by name; undefined: those of a quick or a full run. */
  readonly only: readonly string[] | undefined
  /** The subjects to measure, by name; undefined: those of a quick or a full run. */
  readonly peers: readonly string[] | undefined
  readonly rounds: number
  /** Milliseconds of one measurement. */
  readonly duration: number
  readonly json: string | undefined
  readonly markdown: string | undefined
  readonly help: boolean
}

/** What `--help` prints. */
export const usage = `npm run bench -- [OPTIONS]

  --full             every workload with every subject, in more rounds
  --only NAME,…      these workloads: ${workloads.map(({ name }) => name).join(', ')}
  --peers NAME,…     these subjects: ${listSubjects().join(', ')}
  --rounds N         rounds (2; with --full 3)
  --duration MS      milliseconds of a measurement (300; with --full 700)
  --json FILE        writes all samples
  --markdown FILE    writes the tables, between the markers where the file has them

Where there is no such name, all that begin with it and a dash are meant: no-op, jitter, tinypool.`

/** Arguments that make no sense. */
export class ArgumentError extends Error {
  override name = 'ArgumentError'
}

/** @throws ArgumentError that says what is wrong, and what is known. */
export function readArguments(args: readonly string[]): BenchOptions {
  const values = parse(args)
  const full = values.full ?? false
  return {
    full,
    only:
      values.only === undefined
        ? undefined
        : readNames(
            'workload',
            values.only,
            workloads.map(({ name }) => name),
          ),
    peers: values.peers === undefined ? undefined : readNames('subject', values.peers, listSubjects()),
    rounds: readCount('rounds', values.rounds, full ? 3 : 2),
    duration: readCount('duration', values.duration, full ? 700 : 300),
    json: values.json,
    markdown: values.markdown,
    help: values.help ?? false,
  }
}

/** Everything that can be measured: the pools first. */
function listSubjects(): string[] {
  return [...new Set([...pools, ...workloads.flatMap(({ subjects }) => subjects)])]
}

interface Values {
  full?: boolean
  only?: string
  peers?: string
  rounds?: string
  duration?: string
  json?: string
  markdown?: string
  help?: boolean
}

function parse(args: readonly string[]): Values {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    full: flag,
    only: text,
    peers: text,
    rounds: text,
    duration: text,
    json: text,
    markdown: text,
    help: flag,
  }
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    throw new ArgumentError((error as Error).message, { cause: error })
  }
}

function readNames(what: string, given: string, known: readonly string[]): string[] {
  return given.split(',').flatMap((name) => {
    const meant = known.filter((other) => other === name)
    // A name that exists means only itself: `piscina` is not `piscina-tuned`.
    const found = meant.length > 0 ? meant : known.filter((other) => other.startsWith(`${name}-`))
    if (found.length > 0) return found
    const nearest = nearestName(name, known)
    throw new ArgumentError(
      `There is no ${what} "${name}".${nearest ? ` Did you mean "${nearest}"?` : ''} Known: ${known.join(', ')}.`,
    )
  })
}

function readCount(option: string, given: string | undefined, fallback: number): number {
  if (given === undefined) return fallback
  const count = Number(given)
  if (Number.isInteger(count) && count > 0) return count
  throw new ArgumentError(`--${option} takes a whole number above 0, not "${given}".`)
}
