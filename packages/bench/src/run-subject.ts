import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { codeFile } from './system/code-file.ts'
import type { Sample, Workload } from './workloads/workload.ts'

/** What became of one process that measures. */
export type Outcome = { readonly sample: Sample } | { readonly failure: string }

/** Milliseconds until a process that measures is given up, unless its workload says otherwise. */
const DEADLINE = 30_000

/** Run as sources, the benchmark measures the packages' sources too: only the tests want that. */
const FLAGS = import.meta.url.endsWith('.ts') ? ['-C', '@sd/source'] : []

/**
 * Measures in a process of its own, so that no subject inherits the heap, the compiled code or the mistakes of
 * another, and leaves no process behind.
 *
 * @param duration - milliseconds that the measurement should take, where that can be chosen.
 * @param signal - kills the process.
 */
export async function runSubject(
  workload: Workload,
  subject: string,
  duration: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const command = [
    ...(workload.pinned ? ['taskset', '-c', '0'] : []),
    process.execPath,
    ...FLAGS,
    codeFile('subject'),
    workload.name,
    subject,
    String(duration),
  ]
  // A group of its own, to be killed as a whole.
  const child = spawn(command[0]!, command.slice(1), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  return followSubject(child, workload.deadline ?? DEADLINE, signal)
}

async function followSubject(child: ChildProcess, deadline: number, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  let answer = ''
  let complaint = ''
  const results = child.stdio[3] as Socket
  results.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
  }
  const timer = setTimeout(() => resolve({ failure: `no result within ${deadline / 1000} s` }), deadline)
  const onAbort = (): void => resolve({ failure: 'interrupted' })
  signal.addEventListener('abort', onAbort)
  child.once('error', ({ message }) => resolve({ failure: message }))
  child.once('exit', (code, killer) => {
    // Its answer may still be on the way.
    const end = (): void => resolve(readAnswer(answer, code, killer, complaint))
    if (results.readableEnded) end()
    else results.once('end', end).once('error', end)
  })
  const outcome = await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  await endGroup(child)
  return outcome
}

function readAnswer(
  answer: string,
  code: number | null,
  killer: NodeJS.Signals | null,
  complaint: string,
): Outcome {
  if (answer.endsWith('\n')) {
    const { sample, error } = JSON.parse(answer) as { sample?: Sample; error?: string }
    return sample ? { sample } : { failure: error! }
  }
  const lastLine = complaint.trim().split('\n').at(-1)
  return { failure: `ended with ${killer ?? code}${lastLine ? `: ${lastLine}` : ''}` }
}

/** Kills what is left of the group, and lets go of its pipes. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left, as it should be.
  }
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve))
  }
  for (const stream of child.stdio) stream?.destroy()
}
