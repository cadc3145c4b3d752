import { constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Script } from 'node:vm'
import { type DebugProcess, type DebugType, type Json, suggestName } from '@sd/core'
import type { DebuggedProcess } from '../hub/debugged-process.ts'
import type { CallLine, CallPage } from '../target/daemon-view.ts'
import type { Command, DebugSession } from './command.ts'

const completePids = ({ processes }: DebugSession): string[] => processes.map(({ pid }) => String(pid))

/** Commands about the daemon as a whole, its calls and its processes. */
export const daemonCommands: readonly Command[] = [
  {
    names: ['call'],
    usage: 'call METHOD ARGUMENTS',
    help: 'Makes a call, or runs a task, and tells how it ends: call sieve 1, 100',
    pattern: /^([\w$.]+)\s*(.*)$/s,
    run: (session, [, method, args]) => call(session, method!, args!),
  },
  {
    names: ['show'],
    usage: 'show N | POOL N',
    help: 'Call N with its times, and what it has returned.',
    pattern: /^(?:(\w+)\s+)?#?(\d+)$/,
    async run(session, [, pool, id]) {
      const page = await session.ask<CallPage | null>(`call(${id}, ${JSON.stringify(pool)})`)
      if (!page)
        throw new Error(`No call ${id} is known${pool ? ` in ${pool}` : ''}: "calls" lists those that are.`)
      session.print(describePage(page))
    },
  },
  {
    names: ['status'],
    usage: 'status',
    help: 'The daemon and its processes.',
    run: printStatus,
  },
  {
    names: ['types'],
    usage: 'types',
    help: 'What can be called.',
    async run(session) {
      const types = await session.ask<DebugType[]>('types()')
      const lines = types.map(({ pool, methods }) => `  ${pool.padEnd(18)} ${methods.join(', ')}`)
      session.print(lines.join('\n') || 'This daemon has no workers and no tasks.')
    },
  },
  {
    names: ['calls'],
    usage: 'calls',
    help: 'The calls under way, and those that have ended lately.',
    async run(session) {
      const calls = await session.ask<CallLine[]>('calls()')
      session.print(calls.map(describeCall).join('\n') || 'There are none.')
    },
  },
  {
    names: ['signal'],
    usage: 'signal N [PID]',
    help: 'Sends a signal, by number or name: to the daemon, or to that process.',
    pattern: /^(\w+)(?:\s+(\d+))?$/,
    complete: () => Object.keys(constants.signals),
    run: (session, [, signal, pid]) => sendSignal(session, signal!, pid),
  },
  {
    names: ['inspect'],
    usage: 'inspect PID [off]',
    help: "Opens V8's inspector on loopback, and prints where DevTools finds it. It is closed when debugging ends.",
    pattern: /^(\d+)(?:\s+(off))?$/,
    complete: completePids,
    run: (session, [, pid, off]) => openInspector(session, session.find(Number(pid)), off === undefined),
  },
  {
    names: ['heap'],
    usage: 'heap PID [FILE]',
    help: 'Writes a heap snapshot, for the Memory panel of DevTools.',
    pattern: /^(\d+)(?:\s+(.+))?$/,
    complete: completePids,
    run: (session, [, pid, file]) => writeHeap(session, session.find(Number(pid)), file),
  },
  {
    names: ['kill'],
    usage: 'kill [PID]',
    help: 'Kills that process at once; alone the daemon and all its processes.',
    pattern: /^(\d+)?$/,
    complete: completePids,
    run: (session, [, pid]) => kill(session, pid),
  },
  {
    names: ['shutdown'],
    usage: 'shutdown',
    help: 'Ends debugging, and stops the daemon gracefully.',
    async run(session) {
      await session.ask('terminate()')
      await session.end('The daemon is stopping.')
    },
  },
  {
    names: ['end'],
    usage: 'end',
    help: 'Ends debugging: everything goes on.',
    run: (session) => session.end('Debugging has ended; the daemon goes on.'),
  },
]

async function call(session: DebugSession, given: string, text: string): Promise<void> {
  const types = await session.ask<DebugType[]>('types()')
  const found = types.flatMap(({ pool, methods }) =>
    methods
      .filter((name) => given === name || given === `${pool}.${name}`)
      .map((method) => ({ pool, method })),
  )
  if (found.length === 0) {
    const known = types.flatMap(({ methods }) => methods)
    throw new Error(`There is no method "${given}".${suggestName(given, known)} "types" lists all.`)
  }
  if (found.length > 1) {
    const names = found.map(({ pool, method }) => `${pool}.${method}`).join(' or ')
    throw new Error(`Which one: ${names}?`)
  }
  // Both ways of writing it: sieve(1, 100), and sieve 1, 100.
  const args = /^\((.*)\)$/s.exec(text)?.[1] ?? text
  try {
    new Script(`[${args}\n]`)
  } catch (error) {
    throw new Error(`"${args}" is no list of arguments: ${(error as Error).message}.`)
  }
  const { pool, method } = found[0]!
  const words = [pool, method].map((word) => JSON.stringify(word)).join(', ')
  await session.log(`call ${pool}.${method}(${args})`)
  await session.ask(`run(${words}, [${args}\n])`)
  const daemon = session.processes.find(({ pid }) => pid === process.pid)
  session.print(daemon?.stop ? 'It is called when the daemon goes on.' : 'It is called.')
}

function describeCall({ id, pool, method, args, status, pid, age, retries }: CallLine): string {
  const where = pid === null ? '' : ` on ${pid}`
  const tries = retries > 0 ? `, try ${retries + 1}` : ''
  return `  ${String(id).padStart(5)}  ${status.padEnd(10)} ${nameCall(pool, method)}(${args})${where}${tries}, ${seconds(age)} ago`
}

function describePage(page: CallPage): string {
  const times = page.times.map(([status, after]) => `  ${status.padEnd(10)} +${after.toFixed(1)} ms`)
  return [
    `call ${page.id}: ${nameCall(page.pool, page.method)}(${page.args})`,
    `  ${page.status}${page.pid === null ? '' : ` on ${page.pid}`}, ${page.retries} retries`,
    ...times,
    ...(page.result === undefined ? [] : [`  result: ${page.result}`]),
    ...(page.error === undefined ? [] : [`  error: ${page.error}`]),
  ].join('\n')
}

function nameCall(pool: string, method: string): string {
  return pool === method ? pool : `${pool}.${method}`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

async function printStatus(session: DebugSession): Promise<void> {
  const [processes, status] = await Promise.all([
    session.ask<DebugProcess[]>('processes()'),
    session.ask<Record<string, Json>>('status()'),
  ])
  const { rss = 0 } = (status.memory ?? {}) as { rss?: number }
  const uptime = seconds(Number(status.uptime ?? 0))
  const lines = processes.map(({ pid, role, group, index, state }) => {
    const debugged = session.processes.find((each) => each.pid === pid)
    const what = debugged?.stop
      ? `stopped: ${describeWhy(debugged)}`
      : debugged
        ? state
        : `${state}, not debugged`
    return `  ${String(pid).padStart(7)}  ${role.padEnd(8)} ${index > 0 ? `${group} #${index}` : group}: ${what}`
  })
  const waiting = session.stopped.length
  session.print(
    [
      `${session.name}: ${status.state}, up ${uptime}, ${(rss / 1e6).toFixed(0)} MB, ${waiting} stopped`,
      ...lines,
    ].join('\n'),
  )
}

function describeWhy({ stop }: DebuggedProcess): string {
  if (stop?.point) return stop.point.label ?? stop.point.name
  return stop?.why === 'line' ? `breakpoint ${stop.breakpoints?.join(', ')}` : (stop?.why ?? '')
}

function sendSignal(session: DebugSession, given: string, pid: string | undefined): void {
  const name = given.toUpperCase()
  const wanted = /^\d+$/.test(given)
    ? Object.entries(constants.signals).find(([, number]) => number === Number(given))?.[0]
    : [name, `SIG${name}`].find((each) => Object.hasOwn(constants.signals, each))
  if (wanted === undefined) {
    throw new Error(`There is no signal "${given}".${suggestName(name, Object.keys(constants.signals))}`)
  }
  const target = pid === undefined ? process.pid : session.find(Number(pid)).pid
  process.kill(target, wanted as NodeJS.Signals)
  session.print(`${wanted} was sent to ${session.nameOf(target)}.`)
}

async function openInspector(session: DebugSession, target: DebuggedProcess, open: boolean): Promise<void> {
  await session.log(`inspect ${session.nameOf(target.pid)}: the inspector is ${open ? 'opened' : 'closed'}`)
  const address = await target.requests.inspect(open)
  if (!open) return session.print(`The inspector of ${session.nameOf(target.pid)} is closed.`)
  const path = address.replace(/^ws:\/\//, '')
  session.print(`${address}\ndevtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${path}`)
}

async function writeHeap(
  session: DebugSession,
  target: DebuggedProcess,
  given: string | undefined,
): Promise<void> {
  const name = `${session.name.replace(/[^\w.-]/g, '_')}-${target.pid}-${Date.now()}.heapsnapshot`
  const file = given === undefined ? join(tmpdir(), name) : resolve(session.directory, given)
  await session.log(`heap snapshot of ${session.nameOf(target.pid)}: ${file}`)
  const size = await target.requests.heap(file)
  session.print(`${file} (${(size / 1e6).toFixed(1)} MB)`)
}

async function kill(session: DebugSession, pid: string | undefined): Promise<void> {
  if (pid !== undefined && Number(pid) !== process.pid) {
    const processes = await session.ask<DebugProcess[]>('processes()')
    const found = processes.find((each) => each.pid === Number(pid))
    if (!found) throw new Error(`${pid} is no process of this daemon: "status" lists them.`)
    process.kill(found.pid, 'SIGKILL')
    return session.print(`${session.nameOf(found.pid)} is killed.`)
  }
  // Its processes go with it, as always; those that are debugged at once.
  for (const each of session.processes) {
    if (each.pid !== process.pid) process.kill(each.pid, 'SIGKILL')
  }
  session.print('The daemon and its processes are killed.')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORDS)
}

/** Milliseconds for what was printed last to arrive. */
const LAST_WORDS = 100
