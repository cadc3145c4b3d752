import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { Script } from 'node:vm'
import { type DebugType, suggestName } from '@sd/core'
import { POINTS } from '../hub/plan-book.ts'
import type { CatchMode } from '../protocol/messages.ts'
import type { Command, DebugSession } from './command.ts'
import { shortPath } from './looking.ts'

/** Commands that say where to stop. */
export const stopping: readonly Command[] = [
  {
    names: ['break', 'b'],
    usage: 'break [FILE:LINE [if EXPRESSION] | METHOD | POINT]',
    help: 'Stops there: a line, the start of a method, a point of the library. Alone it lists all.',
    pattern: /^(.*)$/,
    complete: () => Object.keys(POINTS),
    run: (session, [, what]) => addBreakpoint(session, what!),
  },
  {
    names: ['delete', 'd'],
    usage: 'delete NUMBER | METHOD | POINT',
    help: 'Does not stop there any more.',
    pattern: /^(\S+)$/,
    complete: ({ book }) => [
      ...book.lines.map(({ id }) => String(id)),
      ...book.methods,
      ...Object.keys(POINTS).filter((name) => book.hasPoint(name)),
    ],
    run: (session, [, what]) => removeBreakpoint(session, what!),
  },
  {
    names: ['catch'],
    usage: 'catch [all | uncaught | off]',
    help: 'Stops where an error is thrown: any, or one that would end the process. Alone it means all.',
    pattern: /^(all|uncaught|off)?$/,
    complete: () => ['all', 'uncaught', 'off'],
    async run(session, [, mode = 'all']) {
      session.book.exceptions = (mode === 'off' ? 'none' : mode) as CatchMode
      await session.tellPlan()
      session.print(CATCHES[session.book.exceptions])
    },
  },
  {
    names: ['pause'],
    usage: 'pause [PID]',
    help: 'Stops a process where it is, also in an endless loop. Alone it means the daemon.',
    pattern: /^(\d+)?$/,
    complete: ({ processes }) => processes.map(({ pid }) => String(pid)),
    run: (session, [, pid]) => session.pause(pid === undefined ? process.pid : Number(pid)),
  },
  {
    names: ['wait'],
    usage: 'wait [SECONDS]',
    help: 'Waits until something stops, 10 s unless you say otherwise: for scripts.',
    pattern: /^(\d+(?:\.\d+)?)?$/,
    async run(session, [, seconds = '10']) {
      if (!(await session.untilStop(Number(seconds) * 1000)))
        session.print(`Nothing has stopped within ${seconds} s.`)
    },
  },
]

const CATCHES: Readonly<Record<CatchMode, string>> = {
  none: 'Does not stop at errors.',
  uncaught:
    'Stops where an error is thrown that nobody catches. Those of calls are caught by the library: "catch all" stops at them.',
  all: 'Stops wherever your code throws an error.',
}

async function addBreakpoint(session: DebugSession, what: string): Promise<void> {
  if (what === '') return session.print(listBreakpoints(session))
  const line = /^(.+?):(\d+)(?:\s+if\s+(.+))?$/.exec(what)
  if (line) return addLine(session, line[1]!, Number(line[2]), line[3])
  if (Object.hasOwn(POINTS, what)) {
    session.book.setPoint(what, true)
    await session.tellPlan()
    return session.print(`Stops at ${what}.`)
  }
  const label = /^"(.*)"$/.exec(what)?.[1] ?? what
  if (session.book.unskipLabel(label)) {
    await session.tellPlan()
    return session.print(`Stops at "${label}" again.`)
  }
  await addMethod(session, what)
}

async function addLine(
  session: DebugSession,
  given: string,
  line: number,
  condition: string | undefined,
): Promise<void> {
  if (line < 1) throw new Error('Lines are counted from 1.')
  if (condition !== undefined) checkExpression(condition)
  const found = findFile(given, session.directory)
  requireLine(found, line, session.directory)
  const { id, file } = session.book.addLine(found, line, condition)
  await session.tellPlan()
  const place = session.book.placeOf(id)
  const where = place
    ? `${shortPath(place.file, session.directory)}:${place.line}`
    : `${shortPath(file, session.directory)}:${line}, as soon as that is loaded`
  session.print(`Breakpoint ${id}: ${where}${condition === undefined ? '' : ` if ${condition}`}`)
}

async function addMethod(session: DebugSession, method: string): Promise<void> {
  const types = await session.ask<DebugType[]>('types()')
  const known = types.flatMap(({ pool, methods }) => methods.flatMap((name) => [name, `${pool}.${name}`]))
  if (!known.includes(method)) {
    const suggestion = suggestName(method, [...known, ...Object.keys(POINTS)])
    throw new Error(
      `"${method}" is no FILE:LINE, no method and no point.${suggestion} "types" lists the methods, "break" the points.`,
    )
  }
  session.book.addMethod(method)
  await session.tellPlan()
  session.print(`Stops at each call of ${method}.`)
}

async function removeBreakpoint(session: DebugSession, what: string): Promise<void> {
  const { book } = session
  if (/^\d+$/.test(what)) {
    if (!book.removeLine(Number(what))) throw new Error(`There is no breakpoint ${what}: "break" lists them.`)
  } else if (Object.hasOwn(POINTS, what)) book.setPoint(what, false)
  else if (!book.removeMethod(what)) throw new Error(`Nothing stops at "${what}": "break" lists what does.`)
  await session.tellPlan()
  session.print(`Does not stop ${/^\d+$/.test(what) ? `at breakpoint ${what}` : `at ${what}`} any more.`)
}

function listBreakpoints({ book, directory }: DebugSession): string {
  const points = Object.entries(POINTS).map(
    ([name, help]) => `  ${book.hasPoint(name) ? 'on ' : 'off'}  ${name.padEnd(18)} ${help}`,
  )
  const methods = [...book.methods].map((name) => `  on   ${name}`)
  const labels = [...book.skipped].map((label) => `  off  "${label}"`)
  const lines = book.lines.map(({ id, file, line, condition }) => {
    const place = book.placeOf(id)
    const where = `${shortPath(place?.file ?? file, directory)}:${place?.line ?? line}`
    return `  ${id}    ${where}${condition === undefined ? '' : ` if ${condition}`}${place ? '' : ' (not loaded)'}`
  })
  return [...points, ...methods, ...labels, ...lines, `  ${CATCHES[book.exceptions]}`].join('\n')
}

/** A path that is there, or the end of one that may be. */
function findFile(given: string, directory: string): string {
  const path = isAbsolute(given) ? given : resolve(directory, given)
  if (existsSync(path)) return realpathSync(path)
  if (isAbsolute(given)) throw new Error(`There is no file ${given}.`)
  return given.replace(/^\.\//, '')
}

/** V8 would wait for a script of that name that has it. */
function requireLine(file: string, line: number, directory: string): void {
  if (!isAbsolute(file)) return
  const last = readFileSync(file, 'utf8').replace(/\n$/, '').split('\n').length
  if (line > last) throw new Error(`${shortPath(file, directory)} ends with line ${last}.`)
}

function checkExpression(text: string): void {
  try {
    new Script(`(${text}\n)`)
  } catch (error) {
    throw new Error(`"${text}" is no expression: ${(error as Error).message}.`)
  }
}
