import { relative } from 'node:path'
import type { FrameView } from '../protocol/messages.ts'
import type { Command, DebugSession } from './command.ts'

/** Milliseconds that an expression can take: by then there is an answer. */
const LONGEST_EVALUATION = 10_000

/** Commands that look at the process that has the prompt. */
export const looking: readonly Command[] = [
  {
    names: ['where'],
    usage: 'where',
    help: 'Where it is: the stack, your own code only.',
    run: (session) => printStack(session, false),
  },
  {
    names: ['trace'],
    usage: 'trace',
    help: "The whole stack, with Node's frames and the library's.",
    run: (session) => printStack(session, true),
  },
  {
    names: ['frame'],
    usage: 'frame N',
    help: 'Looks at another frame of the stack: "where" has their numbers.',
    pattern: /^(\d+)$/,
    async run(session, [, number]) {
      const process = session.current()
      const frames = await process.requests.where(true)
      const frame = frames.find((each) => each.number === Number(number))
      if (!frame) throw new Error(`There is no frame ${number}: "where" lists them.`)
      process.frame = Number(number)
      session.print(describeFrame(session, frame))
    },
  },
  {
    names: ['list', 'l'],
    usage: 'list [LINE]',
    help: 'The source around the place where it is, or around that line.',
    pattern: /^(\d+)?$/,
    async run(session, [, line]) {
      const process = session.current()
      requireFrame(session)
      const lines = await process.requests.list(process.frame, line === undefined ? undefined : Number(line))
      session.print(lines.join('\n'))
    },
  },
  {
    names: ['locals'],
    usage: 'locals',
    help: 'The local variables.',
    async run(session) {
      const process = session.current()
      requireFrame(session)
      const lines = await process.requests.locals(process.frame)
      session.print(lines.join('\n') || 'There are none.')
    },
  },
  {
    names: ['args'],
    usage: 'args',
    help: 'The arguments of the function, or of the call.',
    async run(session) {
      const process = session.current()
      const call = process.stop?.point?.call
      const lines =
        process.stop?.frame === undefined && call ? [call.args] : await process.requests.args(process.frame)
      session.print(lines.join('\n') || 'There are none.')
    },
  },
  {
    names: ['eval', 'p'],
    usage: 'eval EXPRESSION',
    help: 'Evaluates JavaScript where it has stopped, for up to 4 s; without a stop in the daemon, which is called daemon there.',
    pattern: /^(.+)$/s,
    run: (session, [, expression]) => evaluate(session, expression!),
  },
]

async function printStack(session: DebugSession, all: boolean): Promise<void> {
  const process = session.current()
  const frames = await process.requests.where(all)
  const lines = frames.map(
    (frame) =>
      `${frame.number === process.frame && !frame.internal ? '>' : ' '} ${describeFrame(session, frame)}`,
  )
  session.print(lines.join('\n') || 'In the library, in none of your code. "trace" shows where.')
}

function describeFrame({ directory }: DebugSession, { number, name, file, line, column }: FrameView): string {
  const place = `${shortPath(file, directory)}:${line}:${column}`
  return `${number === undefined ? '  ' : String(number).padStart(2)}  ${name}  ${place}`
}

/** Relative where it is below the directory. */
export function shortPath(file: string, directory: string): string {
  if (!file.startsWith('/')) return file
  const path = relative(directory, file)
  return path.startsWith('..') ? file : path
}

/** At some points of the library none of the user's code is on the stack. */
function requireFrame(session: DebugSession): void {
  if (session.current().stop?.frame === undefined)
    throw new Error('It is in the library, in none of your code. "args" shows the call, "step" goes into it.')
}

async function evaluate(session: DebugSession, expression: string): Promise<void> {
  const stopped = session.subject()
  // As the prompt says: with nothing stopped it is the daemon.
  const process = stopped ?? session.find(globalThis.process.pid)
  // Before it happens: what was evaluated may be the last thing that this daemon does.
  await session.log(`eval in ${session.nameOf(process.pid)}: ${expression}`)
  const answer = process.requests.evaluate(stopped?.frame, expression).then(
    ({ text, failed }) => session.print(failed ? `It throws: ${text}` : text),
    (error: Error) => session.print(error.message),
  )
  // What it waits for may itself stop somewhere: then that has the prompt.
  await (stopped ? answer : Promise.race([answer, session.untilStop(LONGEST_EVALUATION)]))
}
