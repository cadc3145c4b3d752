import { isDeepStrictEqual } from 'node:util'
import type { Job } from '../jobs/job-database.ts'

/**
 * What is wrong with the recorded jobs, in words: calls that were lost, failed, or returned something else
 * than the plain arithmetic here, which shares no code with the workers.
 */
export function checkJobs(jobs: readonly Job[]): string[] {
  return [
    ...findUnrecorded(jobs),
    ...findUnasked(jobs),
    ...jobs.map(checkJob).filter((problem) => problem !== undefined),
  ]
}

/** The daemon counts its calls: a gap is a call that was never recorded. */
function findUnrecorded(jobs: readonly Job[]): string[] {
  const recorded = new Set(jobs.map(({ call }) => call))
  const last = Math.max(0, ...recorded)
  const twice = jobs.length - recorded.size
  return [
    ...range(1, last)
      .filter((call) => !recorded.has(call))
      .map((call) => `Call #${call} was lost: it is not in the database.`),
    ...(twice > 0 ? [`${twice} calls were recorded twice.`] : []),
  ]
}

/** Each list of factors that has returned must have been sent on, to find the prime ones among them. */
function findUnasked(jobs: readonly Job[]): string[] {
  const asked = new Set(jobs.filter(({ method }) => method === 'primesAmong').map((job) => job.arguments))
  return jobs
    .filter(
      ({ method, state, result }) =>
        method === 'factors' && state === 'returned' && !asked.has(`[${result}]`),
    )
    .map((job) => `${name(job)} has returned, but its handler was not called.`)
}

function checkJob(job: Job): string | undefined {
  switch (job.state) {
    case 'called':
      return `${name(job)} was lost: it has never settled.`
    case 'returned': {
      const expected = compute(job.method, JSON.parse(job.arguments) as never)
      if (isDeepStrictEqual(JSON.parse(job.result ?? 'null'), expected)) return undefined
      return `${name(job)} returned a wrong result: ${shorten(job.result)} instead of ${shorten(JSON.stringify(expected))}.`
    }
    // It waited for its turn when the daemon was stopped, and was told so.
    case 'cancelled':
      return undefined
    default:
      return `${name(job)} ended as "${job.state}": ${job.error}`
  }
}

function compute(method: string, args: readonly [never, never]): unknown {
  switch (method) {
    case 'factors':
      return divisors(args[0])
    case 'sieve':
      return range(args[0], args[1]).filter(isPrime)
    case 'isPrime':
      return isPrime(args[0])
    case 'primesAmong':
      return (args[0] as number[]).filter(isPrime)
    default:
      throw new Error(`There is no method "${method}" to compare with.`)
  }
}

/** In pairs, up to the square root. */
function divisors(n: number): number[] {
  const small = range(1, Math.floor(Math.sqrt(n))).filter((divisor) => n % divisor === 0)
  return [...new Set([...small, ...small.map((divisor) => n / divisor)])].sort((a, b) => a - b)
}

/** By trial with numbers of the form 6k - 1 and 6k + 1, which all primes above 3 have. */
function isPrime(n: number): boolean {
  if (n < 4) return n > 1
  if (n % 2 === 0 || n % 3 === 0) return false
  for (let k = 6; (k - 1) ** 2 <= n; k += 6) if (n % (k - 1) === 0 || n % (k + 1) === 0) return n === k + 1
  return true
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

function name(job: Job): string {
  return `Call #${job.call} ${job.method}(${shorten(job.arguments.slice(1, -1))})`
}

function shorten(text: string | null): string {
  return text === null || text.length <= 60 ? String(text) : `${text.slice(0, 60)}...`
}
