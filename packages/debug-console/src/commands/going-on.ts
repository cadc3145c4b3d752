import type { Going } from '../protocol/messages.ts'
import type { Command, DebugSession } from './command.ts'

/** Seconds that one may skip for. */
const LONGEST_SKIP = 24 * 3600

/** Commands after which the process that has the prompt goes on. */
export const goingOn: readonly Command[] = [
  {
    names: ['y', 'c', 'continue'],
    usage: 'y, c',
    help: 'Goes on.',
    run: (session) => session.go(session.current(), 'on'),
  },
  {
    names: ['n'],
    usage: 'n',
    help: 'Aborts this call: it settles as cancelled. At daemon.breakpoint() that returns false.',
    run: abort,
  },
  step('step', 'into', 'To the next line, also into functions.'),
  step('next', 'over', 'To the next line of this function, or of the one that has called it.'),
  step('out', 'out', 'Out of this function.'),
  {
    names: ['capture'],
    usage: 'capture',
    help: 'Runs this call, shows what it returns, and asks: "y" passes that on, "n" drops it. One that fails is not held.',
    run: capture,
  },
  {
    names: ['skip'],
    usage: 'skip',
    help: 'Goes on, and does not stop here any more. "break" has it stop again.',
    run: skip,
  },
  {
    names: ['skipfor'],
    usage: 'skipfor SECONDS',
    help: 'Goes on, and does not stop anywhere for so long.',
    pattern: /^(\d+(?:\.\d+)?)$/,
    async run(session, [, seconds]) {
      if (Number(seconds) > LONGEST_SKIP) throw new Error(`At most ${LONGEST_SKIP} seconds.`)
      await session.skipFor(Number(seconds) * 1000)
      session.print(`Nothing stops for ${seconds} s.`)
    },
  },
]

function step(name: string, how: Going, help: string): Command {
  return {
    names: [name],
    usage: name,
    help,
    run(session) {
      const process = session.current()
      // There is no next line of a call that has returned.
      return session.go(process, process.stop?.point?.name === 'return' ? 'on' : how)
    },
  }
}

async function abort(session: DebugSession): Promise<void> {
  const process = session.current()
  const point = process.stop?.point
  if (point && (point.call || point.name === 'breakpoint')) return session.go(process, 'on', true)
  if (point) throw new Error(`There is no call to abort at ${point.name}. "y" goes on.`)
  const call = await session.callOf(process)
  if (!call) throw new Error('It runs no call that could be aborted. "y" goes on, "kill PID" ends it.')
  const daemon = session.processes.find(({ pid }) => pid === globalThis.process.pid)
  await session.ask(`abort(${JSON.stringify(call.pool)}, ${call.id}, ${daemon?.stop !== undefined})`, true)
  await session.go(process, 'on')
}

async function capture(session: DebugSession): Promise<void> {
  const process = session.current()
  const point = process.stop?.point
  if (point?.name === 'return') throw new Error('It has returned already. "y" passes that on, "n" drops it.')
  const call = await session.callOf(process)
  if (!call) throw new Error('It runs no call that could be captured.')
  session.book.capture(`${call.pool}#${call.id}`)
  await session.tellPlan()
  await session.go(process, 'on')
}

async function skip(session: DebugSession): Promise<void> {
  const process = session.current()
  const { book } = session
  const { why, point, breakpoints = [] } = process.stop!
  if (why === 'point' && point) {
    if (point.name === 'breakpoint' && point.label !== undefined) {
      book.skipLabel(point.label)
      session.print(`Does not stop at "${point.label}" any more.`)
    } else if (point.name === 'running' && !book.hasPoint('running') && point.call) {
      const { pool, method } = point.call
      for (const name of [method, `${pool}.${method}`]) book.removeMethod(name)
      session.print(`Does not stop at ${method} any more.`)
    } else {
      book.setPoint(point.name, false)
      session.print(`Does not stop at ${point.name} any more.`)
    }
  } else if (why === 'line') {
    for (const id of breakpoints) book.removeLine(id)
    session.print(`Breakpoint ${breakpoints.join(', ')} is removed.`)
  } else if (why === 'exception') {
    book.exceptions = 'none'
    session.print('Does not stop at errors any more.')
  } else throw new Error('Nothing here would stop it again. "y" goes on.')
  await session.tellPlan()
  await session.go(process, 'on')
}
